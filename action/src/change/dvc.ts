import type { Finding } from '../../../src/core/assessment/index.ts';
import { isAssayError } from '../../../src/core/index.ts';
import { type ManifestEntry, readDvcFile, readDvcLock } from '../../../src/integrity/manifests/index.ts';
import type { GitBlob, GitBlobs } from '../git/index.ts';
import type { ChangeSet } from './change.ts';
import { isModelName } from './model-files.ts';
import { CHANGE_RULES, changeFinding } from './rules.ts';

const MAX_FILE = 4 * 1024 * 1024;

/** What files of DVC announce that the base did not: data that is not in the repository, and was not scanned. */
export async function dvcFindings({ dvc }: ChangeSet, blobs: GitBlobs): Promise<readonly Finding[]> {
  const read = await blobs.read(
    dvc.flatMap(({ oid, beforeOid }) => [oid, ...(beforeOid === undefined ? [] : [beforeOid])]),
  );
  const findings: Finding[] = [];
  for (const { path, oid, beforeOid } of dvc) {
    const [now, before] = [await entriesOf(path, read.get(oid)), await entriesOf(path, read.get(beforeOid ?? ''))];
    if (now.kind === 'unread') {
      findings.push(
        changeFinding(CHANGE_RULES.dvc, path, `${path} ${now.why}: the data that it names was not scanned.`),
      );
      continue;
    }
    const known = new Set(before.kind === 'unread' ? [] : before.entries.map(keyOf));
    for (const entry of now.entries.filter((one) => !known.has(keyOf(one)))) {
      const { path: name, hex, folder } = entry;
      const rule = folder === true || isModelName(name) ? CHANGE_RULES.dvc : CHANGE_RULES.dvcData;
      const message = `${name} with MD5 ${hex} is not in the repository, and was not scanned.`;
      findings.push(changeFinding(rule, path, message, name, now.lineOf(hex)));
    }
  }
  return findings;
}

function keyOf({ path, hex }: ManifestEntry): string {
  return `${hex} ${path}`;
}

/** What a file announces, or why it cannot be read. */
type Announced =
  | { readonly kind: 'read'; readonly entries: readonly ManifestEntry[]; lineOf(hex: string): number | undefined }
  | { readonly kind: 'unread'; readonly why: string };

const NOTHING: Announced = { kind: 'read', entries: [], lineOf: () => undefined };

async function entriesOf(path: string, blob: GitBlob | undefined): Promise<Announced> {
  if (blob === undefined) return NOTHING;
  if (blob.size > MAX_FILE) return { kind: 'unread', why: `has more than ${MAX_FILE} bytes` };
  const source = await blob.open();
  try {
    const bytes = await source.read(0, source.size);
    const entries = path.endsWith('.dvc') ? await readDvcFile(bytes, path) : await readDvcLock(bytes, path);
    const lines = Buffer.from(bytes).toString('utf8').split('\n');
    const lineOf = (hex: string) => {
      const at = lines.findIndex((line) => line.includes(hex));
      return at < 0 ? undefined : at + 1;
    };
    return { kind: 'read', entries, lineOf };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return { kind: 'unread', why: error.message };
  } finally {
    await source.close();
  }
}
