import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { PREDICATE_TYPES, readStatement } from '../../integrity/statements/index.ts';
import { isRegistryError, type Lineage, type Registry } from '../../registry/index.ts';
import type { ConversionSigner } from '../auth/index.ts';
import type { ConversionAttempt, ConversionStore } from '../conversions/index.ts';
import { ServiceError } from '../problems/index.ts';
import type { HandledEnd, JobContext, JobHandler, Tell } from '../queue/index.ts';
import { failedEnd, submitterOf } from './job-end.ts';
import type { ConvertEnd, ScanSettings } from './scan-messages.ts';
import type { ScanPool } from './scan-pool.ts';
import { tenantEnvironment } from './tenant-environment.ts';
import { storageFull, unforeseenEnd } from './unforeseen.ts';

export interface ConvertParts {
  readonly registry: Pick<Registry, 'register' | 'jobs'>;
  readonly conversions: ConversionStore;
  readonly settings: ScanSettings;
  readonly pool: Pick<ScanPool, 'convert'>;
  /** Signs what was converted; `undefined`: the service has no key for that. */
  readonly signer: ConversionSigner | undefined;
  readonly tell: Tell;
}

type Claimed = Parameters<JobHandler>[0];

/** Converts the target of a job, keeps the files, and registers them as a version: the three of them, or nothing. */
export function convertHandler(parts: ConvertParts): JobHandler {
  return async (claimed, context) => {
    const { job } = claimed;
    let attempt: ConversionAttempt | undefined;
    try {
      attempt = await parts.conversions.begin(job.tenant, job.id);
      return await converted(claimed, attempt, parts, context);
    } catch (error) {
      return unforeseenEnd(job, error, parts.tell);
    } finally {
      await attempt?.discard();
    }
  };
}

async function converted(
  { job }: Claimed,
  attempt: ConversionAttempt,
  { conversions, registry, settings, pool, signer, tell }: ConvertParts,
  { signal, onProgress, onCosts }: JobContext,
): Promise<HandledEnd> {
  const { tenant, target, conversion: options } = job;
  if (options === null) return failedEnd(job, 'internal', 'the job does not say what to convert to');
  const order = {
    job: job.id,
    target,
    tenant,
    options,
    env: await tenantEnvironment(settings, tenant),
    folder: attempt.files,
    maxOutputBytes: attempt.maxBytes,
    publicKey: signer?.publicKey ?? null,
  };
  const checked = signer === undefined ? undefined : conversionsOnly(signer, target, options.to);
  const either = AbortSignal.any([signal, attempt.full]);
  const end = await pool.convert(order, either, { onProgress, onCosts, signer: checked });
  if (end.kind === 'busy') return { kind: 'released' };
  if (end.kind === 'lost') tell(`job ${job.id}: a converting process was lost (${end.code}): ${end.message}`);
  if (attempt.full.aborted && !signal.aborted) return storageFull(job);
  if (end.kind === 'lost' && end.code === 'crashed') return failedEnd(job, end.code, 'the conversion was cut off');
  if (end.kind === 'failed' && end.conversion !== undefined) {
    const output = await attempt.keep(end.conversion);
    return { kind: 'failed', code: end.code, message: end.message, retry: false, output };
  }
  onCosts({ storedBytes: 0 });
  if (end.kind !== 'converted') return failedEnd(job, end.code, end.message);
  return published(job, end, attempt, { conversions, registry, onCosts });
}

/** Only the attempt that is registered counts: whatever another one kept belongs to nobody. */
async function published(
  job: Claimed['job'],
  { conversion, assessment }: ConvertEnd & { readonly kind: 'converted' },
  attempt: ConversionAttempt,
  { conversions, registry, onCosts }: Pick<ConvertParts, 'conversions' | 'registry'> & Pick<JobContext, 'onCosts'>,
): Promise<HandledEnd> {
  const { source } = conversion;
  const by = submitterOf(job);
  const output = await attempt.keep(conversion);
  const lineage: Lineage = {
    baseModels: [{ ref: source.pinned, digest: source.digest }],
    datasets: [],
    code: null,
    run: null,
  };
  const notClean = source.verdict === 'suspicious' || source.verdict === 'malicious';
  try {
    const { version, storedBytes } = await registry.register(by, {
      model: job.model,
      assessment,
      lineage,
      job: job.id,
      output,
      ...(notClean ? { quarantine: `it was converted from files whose verdict is ${source.verdict}` } : {}),
    });
    if ((await registry.jobs.output(by, job.id)) !== output) await conversions.remove(job.tenant, output);
    onCosts({ storedBytes: conversion.files.reduce((sum, { size }) => sum + size, storedBytes) });
    return { kind: 'registered', version: version.id };
  } catch (error) {
    // Nothing was written when the job has ended, such as by a cancellation; after other errors, the sweep looks.
    if (isRegistryError(error) && error.code === 'ended') await conversions.remove(job.tenant, output);
    throw error;
  }
}

/** A process that an artifact took over gets nothing signed but a conversion of what it was given. */
export function conversionsOnly(signer: PayloadSigner, ref: string, target: string): PayloadSigner {
  return {
    async sign(payloadType, payload) {
      const statement = readStatement(payload);
      if (statement.predicateType !== PREDICATE_TYPES.conversion)
        throw new ServiceError(500, 'internal', 'a conversion signs nothing but itself');
      const { predicate } = statement;
      if (predicate.source.ref !== ref || predicate.target !== target)
        throw new ServiceError(500, 'internal', 'a conversion signs nothing about another one');
      return signer.sign(payloadType, payload);
    },
  };
}
