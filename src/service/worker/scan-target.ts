import { join } from 'node:path';
import { type Artifact, AssayError, DEFAULT_LIMITS } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import { withWholeFiles } from '../../pipeline/index.ts';
import { openArtifact } from '../../sources/index.ts';
import { openUpload } from '../uploads/index.ts';
import type { ScanOrder, ScanSettings } from './scan-messages.ts';

const UPLOAD = 'upload:';

/**
 * Opens what a job is to scan, so that reading it gives a digest of every byte that is judged.
 * @throws AssayError `usage` for a path: the disk of a server is not its users'; and what opening throws
 */
export async function openTarget(
  { target, tenant, env }: ScanOrder,
  settings: ScanSettings,
  signal: AbortSignal,
): Promise<Artifact> {
  if (target.startsWith(UPLOAD)) {
    return openUpload(join(settings.dataFolder, 'uploads'), tenant, target.slice(UPLOAD.length));
  }
  if (parseReference(target, settings.hubEndpoint).kind === 'path') {
    throw new AssayError('usage', 'paths are not accepted here', { hint: 'upload the files, or name a store' });
  }
  const rules = { denyPrivate: !settings.allowPrivateAddresses };
  const limits = { ...DEFAULT_LIMITS, maxExpandedBytes: Math.max(settings.limits.maxUploadBytes, 1) };
  const artifact = await openArtifact(target, { env, signal, egress: { rules } });
  try {
    return withWholeFiles(artifact, limits);
  } catch (error) {
    await artifact.close();
    throw error;
  }
}
