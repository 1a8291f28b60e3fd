import * as v from 'valibot';
import { AssayError } from '../../core/index.ts';
import { parseBoundedYaml } from '../../core/yaml/index.ts';
import { distinctEntries, entryPath, type ManifestEntry } from './manifest.ts';

const MD5 = /^[0-9a-f]{32}(?:\.dir)?$/;

const Size = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
/** Digests of another kind (`etag`, `checksum`) are of the storage, not of the bytes. */
const Part = v.object({
  relpath: v.string(),
  md5: v.optional(v.pipe(v.string(), v.regex(MD5))),
  size: v.optional(Size),
});
const Out = v.object({
  path: v.string(),
  md5: v.optional(v.pipe(v.string(), v.regex(MD5))),
  size: v.optional(Size),
  /** `md5`; absent before DVC 3. */
  hash: v.optional(v.string()),
  files: v.optional(v.array(Part)),
});
const Outs = v.array(Out);
const DvcFile = v.object({ outs: Outs, wdir: v.optional(v.string(), '.') });
const LockFile = v.object({
  schema: v.literal('2.0'),
  stages: v.record(v.string(), v.object({ outs: v.optional(Outs, []) })),
});

/** Reads a `.dvc` file (https://dvc.org/doc/user-guide/project-structure/dvc-files). @throws AssayError `malformed`, `limit`. */
export async function readDvcFile(bytes: Uint8Array, name: string): Promise<ManifestEntry[]> {
  const { outs, wdir } = shaped(DvcFile, await parseBoundedYaml(bytes, name), name);
  const folder = /^(?:\.\/?)+$/.test(wdir) ? '' : `${entryPath(wdir, name)}/`;
  return distinctEntries(
    outs.flatMap((out) => entriesOf(out, folder, name)),
    name,
  );
}

/** Reads the outputs that a `dvc.lock` announces. @throws AssayError `malformed`, `limit`. */
export async function readDvcLock(bytes: Uint8Array, name: string): Promise<ManifestEntry[]> {
  const { stages } = shaped(LockFile, await parseBoundedYaml(bytes, name), name);
  const outs = Object.values(stages).flatMap((stage) => stage.outs);
  return distinctEntries(
    outs.flatMap((out) => entriesOf(out, '', name)),
    name,
  );
}

function entriesOf(out: v.InferOutput<typeof Out>, folder: string, name: string): ManifestEntry[] {
  const path = entryPath(`${folder}${out.path}`, name);
  const announced = (file: string, md5: string | undefined, size: number | undefined): ManifestEntry[] => {
    if (md5 === undefined) return [];
    const hex = md5.slice(0, 32);
    const algorithm = out.hash === 'md5' ? 'md5' : 'md5-dos2unix';
    if (md5.endsWith('.dir')) return [{ path: file, algorithm, hex, folder: true }];
    return [{ path: file, algorithm, hex, ...(size === undefined ? {} : { size }) }];
  };
  const parts = out.files ?? [];
  return [
    ...announced(path, out.md5, out.size),
    ...parts.flatMap((part) => announced(entryPath(`${path}/${part.relpath}`, name), part.md5, part.size)),
  ];
}

function shaped<S extends v.GenericSchema>(schema: S, value: unknown, name: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const where = v.getDotPath(result.issues[0]) ?? 'the document';
  throw new AssayError('malformed', `is not a DVC file: ${where} is not valid`, { subject: name });
}
