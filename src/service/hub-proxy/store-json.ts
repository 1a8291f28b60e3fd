import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { writeWhole } from '../../core/bytes/index.ts';
import { isAssayError, parseBoundedJson, systemCode } from '../../core/index.ts';

/** Writes a document atomically. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeWhole(path, JSON.stringify(value), 0o600);
}

/** The stored document; `undefined` when there is none, or it is of an older version or damaged. */
export async function readJson<S extends v.GenericSchema>(
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const read = v.safeParse(schema, parseBoundedJson(bytes, path));
    return read.success ? read.output : undefined;
  } catch (error) {
    if (isAssayError(error) && error.code === 'malformed') return undefined;
    throw error;
  }
}
