import { createHash } from 'node:crypto';
import { type Artifact, version } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import type { ChosenLists } from '../../pipeline/index.ts';
import type { ScanInput } from '../../registry/index.ts';
import { rulesetOf } from '../../scan/rules/index.ts';
import type { ScanOrder, ScanSettings } from './scan-messages.ts';
import { isUpload } from './scan-target.ts';

/** What decides the result of a scan, besides the bytes. */
export function scanInput(
  order: ScanOrder,
  artifact: Artifact,
  { lists, notes }: ChosenLists,
  { hubEndpoint, limits }: ScanSettings,
): ScanInput {
  const { digest: ruleset } = rulesetOf([], lists);
  const parts = [version(), ruleset, notes, sourceOf(order, artifact), hubEndpoint, limits.maxUploadBytes];
  return {
    key: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
    ruleset,
    pinned: artifact.pinned,
    files: artifact.files.map(({ path, size, claimed }) => ({
      path,
      size,
      sha256: claimed?.algorithm === 'sha256' ? claimed.hex : null,
    })),
  };
}

/** Whether the result of another scan can hold: not while the source says something against a file today. */
export function mayBeKnown({ files }: Artifact): boolean {
  return files.length > 0 && files.every(({ reported, link }) => reported === undefined && link === undefined);
}

/** Findings name the repository of the Hub that a model is of, and nothing else of where it comes from. */
function sourceOf(order: ScanOrder, { ref }: Artifact): string {
  if (isUpload(order)) return 'upload';
  const reference = parseReference(ref);
  return reference.kind === 'hf' ? `hf://${reference.repo}` : ref;
}
