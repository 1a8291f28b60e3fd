import type { Assessment } from '../../core/assessment/index.ts';
import { isAssayError } from '../../core/index.ts';
import { isRegistryError, type Registry, type ScanInput } from '../../registry/index.ts';
import type { JobHandler, Tell } from '../queue/index.ts';
import { failedEnd, submitterOf } from './job-end.ts';
import type { ScanSettings } from './scan-messages.ts';
import type { ScanPool } from './scan-pool.ts';
import { tenantEnvironment } from './tenant-environment.ts';

export interface ScanParts {
  readonly registry: Pick<Registry, 'register' | 'keptScans' | 'registerKept'>;
  readonly settings: ScanSettings;
  readonly pool: ScanPool;
  readonly tell: Tell;
}

/** Scans the target of a job, and registers its version. */
export function scanHandler({ registry, settings, pool, tell }: ScanParts): JobHandler {
  return async ({ job, lineage }, { signal, onProgress, onCosts }) => {
    try {
      const { target, tenant } = job;
      const env = await tenantEnvironment(settings, tenant);
      const by = submitterOf(job);
      const maxAgeMs = settings.limits.maxReuseMs;
      const onListed = (input: ScanInput) => registry.keptScans(by, input, maxAgeMs);
      const hooks = { onProgress, onCosts, ...(maxAgeMs > 0 ? { onListed } : {}) };
      const end = await pool.scan({ target, tenant, env }, signal, hooks);
      if (end.kind === 'busy') return { kind: 'released' };
      if (end.kind === 'lost') tell(`job ${job.id}: a scanning process was lost (${end.code}): ${end.message}`);
      if (end.kind === 'lost' && end.code === 'crashed') return failedEnd(job, end.code, 'the scan was cut off');
      onCosts({ storedBytes: 0 });
      const words = { model: job.model, job: job.id, ...(lineage === null ? {} : { lineage }) };
      if (end.kind === 'same') {
        const { kept, input, ref } = end;
        const { version, storedBytes } = await registry.registerKept(by, { ...words, kept, input, ref, maxAgeMs });
        onCosts({ storedBytes, reused: true });
        return { kind: 'registered', version: version.id };
      }
      if (end.kind !== 'assessed') return failedEnd(job, end.code, end.message);
      const gap = gapOf(end.assessment);
      if (gap !== undefined) return failedEnd(job, end.unopened?.code ?? 'incomplete', end.unopened?.message ?? gap);
      const { version, storedBytes } = await registry.register(by, {
        ...words,
        assessment: end.assessment,
        scan: end.input,
      });
      onCosts({ storedBytes });
      return { kind: 'registered', version: version.id };
    } catch (error) {
      if (isAssayError(error) && error.code !== 'internal') return failedEnd(job, error.code, error.message);
      if (isRegistryError(error) && error.code !== 'internal') return failedEnd(job, error.code, error.message);
      tell(`job ${job.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return failedEnd(job, 'internal', 'a defect of the worker; see its log');
    }
  };
}

/** Why the bytes have no digest that is theirs: a file could not be read to its end. */
function gapOf({ artifact, status, files }: Assessment): string | undefined {
  if (files.length === 0) return 'there are no files';
  if (status === 'complete' && artifact.digest !== null) return undefined;
  const unread = files.find((file) => file.sha256 === null || file.reasons.length > 0);
  return unread === undefined
    ? 'not every file could be read'
    : `${unread.path}: ${unread.reasons[0] ?? 'was not read'}`;
}
