import type { Finding } from '../../../src/core/assessment/index.ts';
import { type ArtifactFile, isAssayError } from '../../../src/core/index.ts';
import { type ManifestEntry, readDvcFile, readDvcLock } from '../../../src/integrity/manifests/index.ts';
import { CHANGE_RULES } from '../../../src/scan/rules/index.ts';
import type { GitBlob } from '../git/index.ts';
import type { DvcFiles } from './dvc-files.ts';
import { changeFinding } from './finding.ts';
import { isModelName } from './model-files.ts';
import type { ChangedText } from './text.ts';

const MAX_FILE = 4 * 1024 * 1024;

/** Whether a file is one in which DVC names data. */
export function isDvcFile(path: string): boolean {
  return /(?:^|\/)dvc\.lock$|\.dvc$/.test(path);
}

/** What files of DVC announce that the base did not. */
export interface DvcChange {
  /** What the checkout has of it. */
  readonly files: readonly ArtifactFile[];
  /** On what it does not have. */
  readonly findings: readonly Finding[];
}

/** Reads the data that the change announces, and finds it where `dvc pull` puts it. */
export async function dvcChange(texts: readonly ChangedText[], store: DvcFiles): Promise<DvcChange> {
  const files = new Map<string, ArtifactFile>();
  const findings: Finding[] = [];
  for (const { path, blob, before: old } of texts) {
    const [now, before] = [await entriesOf(path, blob), await entriesOf(path, old)];
    if (now.kind === 'unread') {
      findings.push(
        changeFinding(CHANGE_RULES.dvc, path, `${path} ${now.why}: the data that it names was not scanned.`),
      );
      continue;
    }
    const known = new Set(before.kind === 'unread' ? [] : before.entries.map(keyOf));
    for (const entry of now.entries.filter((one) => !known.has(keyOf(one)))) {
      const found = await store.find(path, entry);
      for (const file of found.files) files.set(file.path, file);
      if (found.files.length > 0) {
        const message = `${entry.path} was scanned in the checkout. Its MD5 ${entry.hex} does not identify these bytes: other bytes can have the same MD5.`;
        findings.push(changeFinding(CHANGE_RULES.dvcMd5, path, message, entry.path, now.lineOf(entry.hex)));
      }
      for (const { path: name, hex, why } of found.missing) {
        const rule = entry.folder === true || isModelName(name) ? CHANGE_RULES.dvc : CHANGE_RULES.dvcData;
        const message = `${name} with MD5 ${hex} ${why}, and was not scanned. Run dvc pull before this step.`;
        findings.push(changeFinding(rule, path, message, name, now.lineOf(entry.hex)));
      }
    }
  }
  return { files: [...files.values()], findings };
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
