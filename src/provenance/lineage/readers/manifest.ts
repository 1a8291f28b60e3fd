import * as v from 'valibot';
import { AssayError } from '../../../core/index.ts';
import { DocumentBuilder, digestsOf, type Entity, type LineageDocument, pathBelow } from '../document.ts';

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const File = v.strictObject({ path: Text, sha256: v.optional(Text), source: v.optional(Text) });
const Manifest = v.strictObject({
  version: v.literal('1'),
  run: v.optional(Text),
  hyperparameters: v.optional(v.record(Text, v.string()), {}),
  model: v.optional(v.array(v.strictObject({ path: Text, sha256: v.optional(Text) })), []),
  data: v.pipe(v.array(File), v.minLength(1)),
  test: v.optional(v.array(File), []),
  base: v.optional(v.array(v.strictObject({ name: Text, sha256: v.optional(Text), gitCommit: v.optional(Text) })), []),
  code: v.optional(v.array(v.strictObject({ uri: Text, gitCommit: Text })), []),
});

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isTrainingManifest(document: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(document, 'version') && Object.hasOwn(document, 'data');
}

/**
 * Reads a training manifest, which people write by hand: docs/provenance.md.
 * @param document parsed YAML, whose scalars are text
 * @throws AssayError `malformed` naming the field, `limit`
 */
export function readTrainingManifest(document: Readonly<Record<string, unknown>>, name: string): LineageDocument {
  const read = v.safeParse(Manifest, document);
  if (!read.success) {
    const where = v.getDotPath(read.issues[0]) ?? 'the document';
    throw new AssayError('malformed', `is not a training manifest: ${where} is not valid`, {
      subject: name,
      hint: 'docs/provenance.md shows one',
    });
  }
  const { run: runName, hyperparameters, model, data, test, base, code } = read.output;
  const builder = new DocumentBuilder('training', name);
  builder.parameters(hyperparameters);
  const run = builder.entity({ kind: 'run', name: runName ?? name });
  for (const file of model) builder.claim(fileOf(builder, 'model', file), 'trained by', run);
  for (const file of data) builder.claim(run, 'trained on', fileOf(builder, 'data', file));
  for (const file of test) builder.claim(run, 'tested on', fileOf(builder, 'data', file));
  for (const { name: of, sha256, gitCommit } of base) {
    const digests = digestsOf({ sha256 });
    const entity = { kind: 'model' as const, name: of, uri: of.includes(':') ? of : null };
    builder.claim(
      run,
      'started from',
      builder.entity({ ...entity, ...digests, ...committed(gitCommit, digests.digests) }),
    );
  }
  for (const { uri, gitCommit } of code)
    builder.claim(run, 'ran', builder.entity({ kind: 'code', name: uri, uri, ...committed(gitCommit, []) }));
  return builder.done();
}

function fileOf(
  builder: DocumentBuilder,
  kind: 'model' | 'data',
  {
    path,
    sha256,
    source,
  }: { readonly path: string; readonly sha256?: string | undefined; readonly source?: string | undefined },
): Entity {
  const place = pathBelow(path);
  const common = { kind, name: path, uri: source ?? null };
  if ('problem' in place) return builder.entity({ ...common, problem: place.problem });
  const digests = digestsOf({ sha256 });
  return builder.entity({ ...common, path: place.path, ...digests });
}

function committed(hex: string | undefined, others: Entity['digests']): Partial<Entity> {
  if (hex === undefined) return {};
  if (!COMMIT.test(hex)) return { problem: 'has something else where its commit should be' };
  return { digests: [...others, { algorithm: 'gitCommit', hex, of: 'bytes' }] };
}
