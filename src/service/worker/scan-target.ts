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
 * @throws AssayError as `openTarget`; `limit` for a file that is too long to be downloaded as a whole
 */
export async function openWhole(order: ScanOrder, settings: ScanSettings, signal: AbortSignal): Promise<Artifact> {
  const artifact = await openTarget(order, settings, signal);
  // An upload is on this machine, and its name is not a reference.
  if (isUpload(order)) return artifact;
  const limits = { ...DEFAULT_LIMITS, maxExpandedBytes: Math.max(settings.limits.maxUploadBytes, 1) };
  try {
    return withWholeFiles(artifact, limits);
  } catch (error) {
    await artifact.close();
    throw error;
  }
}

/** Whether the files of a job are on this machine already. */
export function isUpload({ target }: Pick<ScanOrder, 'target'>): boolean {
  return target.startsWith(UPLOAD);
}

/** Any address that users write, `https://`, is for no purpose of its own. */
const PURPOSE = { hf: 'hub', models: 'mlflow', s3: 's3', oci: 'oci', https: undefined } as const;

/**
 * Opens what a job names.
 * @throws AssayError `usage` for a path: the disk of a server is not its users'; and what opening throws
 */
export async function openTarget(
  { target, tenant, env }: ScanOrder,
  settings: ScanSettings,
  signal: AbortSignal,
): Promise<Artifact> {
  if (isUpload({ target })) {
    return openUpload(join(settings.dataFolder, 'uploads'), tenant, target.slice(UPLOAD.length));
  }
  const { kind } = parseReference(target, settings.hubEndpoint);
  if (kind === 'path') {
    throw new AssayError('usage', 'paths are not accepted here', { hint: 'upload the files, or name a store' });
  }
  const purpose = PURPOSE[kind];
  const allow = purpose === undefined ? [] : settings.allowed[purpose];
  const rules = { denyPrivate: !settings.allowPrivateAddresses, allow };
  return openArtifact(target, { env, signal, egress: { rules } });
}
