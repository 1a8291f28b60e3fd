import * as v from 'valibot';
import { AssayError } from '../../../core/index.ts';
import { DocumentBuilder, type Entity, type LineageDocument, pathBelow } from '../document.ts';

const Size = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
/** Digests of another kind (`etag`, `checksum`) are of the storage, not of the bytes. */
const Part = v.object({
  path: v.string(),
  md5: v.optional(v.string()),
  size: v.optional(Size),
  hash: v.optional(v.string()),
});
const Parts = v.optional(v.array(Part), []);
const Out = v.object({
  ...Part.entries,
  files: v.optional(v.array(v.object({ relpath: v.string(), md5: v.optional(v.string()), size: v.optional(Size) }))),
});
const Stage = v.object({ deps: Parts, outs: v.optional(v.array(Out), []) });
const LockFile = v.object({ schema: v.literal('2.0'), stages: v.record(v.string(), Stage) });
const DvcFile = v.object({ ...Stage.entries, outs: v.array(Out), wdir: v.optional(v.string(), '.') });

const MD5 = /^([0-9a-f]{32})(\.dir)?$/;
const CODE = /\.(?:py|ipynb|sh|r|jl|scala|java|c|cc|cpp|rs|go|js|ts)$/i;

export function isDvc(document: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(document, 'outs') || (Object.hasOwn(document, 'stages') && Object.hasOwn(document, 'schema'));
}

/**
 * Reads a `.dvc` file or a `dvc.lock` (https://dvc.org/doc/user-guide/project-structure). MD5 tells whether a file is the one that was
 * added, and not whether somebody made another one with the same digest.
 * @param document parsed YAML, whose scalars are text
 * @throws AssayError `malformed`, `limit`
 */
export function readDvc(document: Readonly<Record<string, unknown>>, name: string): LineageDocument {
  const builder = new DocumentBuilder('dvc', name);
  const known = new Map<string, Entity>();
  if (Object.hasOwn(document, 'stages')) {
    const { stages } = shaped(LockFile, document, name);
    for (const [stage, { deps, outs }] of Object.entries(stages)) stageOf(builder, known, stage, deps, outs);
  } else {
    const { outs, deps, wdir } = shaped(DvcFile, document, name);
    const inside = wdir === '.' || wdir === './';
    const at = <P extends v.InferOutput<typeof Part>>(part: P): P =>
      inside ? part : { ...part, path: `${wdir}/${part.path}` };
    const own = outs.map((out) => outOf(builder, known, at(out)));
    // The source of `dvc import` and `dvc import-url`.
    for (const dep of deps) {
      const source = builder.entity({
        kind: 'source',
        name: dep.path,
        uri: /^[a-z][a-z0-9+.-]*:\/\//i.test(dep.path) ? dep.path : null,
      });
      for (const out of own) builder.claim(out, 'comes from', source);
    }
  }
  builder.note(
    'gives MD5 digests, with which another file can be made to agree: a match shows that a file was not changed by accident',
  );
  return builder.done();
}

function stageOf(
  builder: DocumentBuilder,
  known: Map<string, Entity>,
  stage: string,
  deps: readonly v.InferOutput<typeof Part>[],
  outs: readonly v.InferOutput<typeof Out>[],
): void {
  const run = builder.entity({ kind: 'run', name: stage });
  for (const out of outs) builder.claim(outOf(builder, known, out), 'trained by', run);
  for (const dep of deps) {
    const entity = partOf(builder, known, dep);
    builder.claim(run, entity.kind === 'code' ? 'ran' : 'trained on', entity);
  }
}

function outOf(builder: DocumentBuilder, known: Map<string, Entity>, out: v.InferOutput<typeof Out>): Entity {
  const folder = partOf(builder, known, out);
  for (const { relpath, ...file } of out.files ?? []) {
    const part = partOf(builder, known, { ...file, path: `${out.path}/${relpath}`, hash: out.hash });
    builder.claim(folder, 'derives from', part);
  }
  return folder;
}

/** What one stage writes and another reads is one thing. */
function partOf(builder: DocumentBuilder, known: Map<string, Entity>, part: v.InferOutput<typeof Part>): Entity {
  const { path: text, md5, size = null, hash } = part;
  const first = known.get(text);
  if (first !== undefined && first.digests[0]?.hex === MD5.exec(md5 ?? '')?.[1]) return first;
  const kind = CODE.test(text) ? 'code' : 'data';
  const place = pathBelow(text);
  if ('problem' in place) return builder.entity({ kind, name: text, problem: place.problem });
  const [, hex, folder] = MD5.exec(md5 ?? '') ?? [];
  const problem = md5 !== undefined && hex === undefined ? 'has something else where its MD5 should be' : null;
  const old = hex !== undefined && hash !== 'md5';
  const entity = builder.entity({
    kind,
    name: text,
    path: place.path,
    size: folder === undefined ? size : null,
    digests:
      hex === undefined || old ? [] : [{ algorithm: 'md5', hex, of: folder === undefined ? 'bytes' : 'listing' }],
    problem: old ? 'has the MD5 of DVC before version 3, which is not of its bytes' : problem,
  });
  known.set(text, entity);
  return entity;
}

function shaped<S extends v.GenericSchema>(schema: S, value: unknown, name: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const where = v.getDotPath(result.issues[0]) ?? 'the document';
  throw new AssayError('malformed', `is not a DVC file: ${where} is not valid`, { subject: name });
}
