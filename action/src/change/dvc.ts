import { isAssayError } from '../../../src/core/errors.ts';
import type { Finding } from '../../../src/core/finding.ts';
import { readDvcFile, readDvcLock } from '../../../src/integrity/manifests/dvc.ts';
import type { Blob, Blobs } from '../git/blobs.ts';
import type { ChangeSet } from './change.ts';
import { isModelName } from './model-files.ts';
import { CHANGE_RULES, changeFinding } from './rules.ts';

const MAX_FILE = 4 * 1024 * 1024;

/** What files of DVC announce that the base did not: data that is not in the repository, and was not scanned. */
export async function dvcFindings({ dvc }: ChangeSet, blobs: Blobs): Promise<readonly Finding[]> {
  const read = await blobs.read(
    dvc.flatMap(({ oid, beforeOid }) => [oid, ...(beforeOid === undefined ? [] : [beforeOid])]),
  );
  const findings: Finding[] = [];
  for (const { path, oid, beforeOid } of dvc) {
    const [now, before] = [await entriesOf(path, read.get(oid)), await entriesOf(path, read.get(beforeOid ?? ''))];
    if (typeof now === 'string') {
      findings.push(changeFinding(CHANGE_RULES.dvc, path, `${path} ${now}: what it names was not scanned.`));
      continue;
    }
    const known =
      typeof before === 'string' ? new Set() : new Set(before.map(({ path: name, hex }) => `${hex} ${name}`));
    for (const { path: name, hex, folder } of now) {
      if (known.has(`${hex} ${name}`)) continue;
      const rule = folder === true || isModelName(name) ? CHANGE_RULES.dvc : CHANGE_RULES.dvcData;
      findings.push(
        changeFinding(
          rule,
          path,
          `${path} names ${name} with MD5 ${hex}: it is not in the repository, and was not scanned.`,
          name,
        ),
      );
    }
  }
  return findings;
}

/** What a file announces, or why it cannot be told. */
async function entriesOf(path: string, blob: Blob | undefined) {
  if (blob === undefined) return [];
  if (blob.size > MAX_FILE) return `has more than ${MAX_FILE} bytes`;
  const source = await blob.open();
  try {
    const bytes = await source.read(0, source.size);
    return path.endsWith('.dvc') ? await readDvcFile(bytes, path) : await readDvcLock(bytes, path);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return error.message;
  } finally {
    await source.close();
  }
}
