import { join } from 'node:path';
import type { Assessment } from '../../../core/assessment/index.ts';
import { type Artifact, AssayError, type OnEvent } from '../../../core/index.ts';
import { readPublicKey } from '../../../integrity/envelope/index.ts';
import type { PayloadSigner } from '../../../integrity/sign/index.ts';
import { ConversionMismatch, convertArtifact, type VerifyRequest } from '../../../pipeline/convert/index.ts';
import { type AssessOptions, assess, type ChosenLists } from '../../../pipeline/index.ts';
import type { ParserPool } from '../../../pipeline/parsers/index.ts';
import type { JobProgress } from '../../../registry/index.ts';
import { openPath } from '../../../sources/path/index.ts';
import { jobFailure } from '../job-failure.ts';
import type { ConversionOrder, ConvertEnd, ScanSettings } from '../scan-messages.ts';
import { isUpload, openTarget } from '../scan-target.ts';
import { givenRows } from './given-rows.ts';
import { nearCopy } from './near-copy.ts';

export interface RunParts {
  readonly settings: ScanSettings;
  readonly lists: ChosenLists;
  readonly parsers: ParserPool;
  /** Empty: for downloads. */
  readonly scratch: string;
  readonly signer: PayloadSigner;
  readonly signal: AbortSignal;
  /** Receives the events of a step. */
  readonly tell: (step: NonNullable<JobProgress['step']>) => OnEvent;
}

/**
 * Converts the target of a job into the folder of its order, and assesses what was written as it is published.
 * @throws AssayError what opening and converting throw; ServiceError about uploads
 */
export async function runConversion(order: ConversionOrder, parts: RunParts): Promise<ConvertEnd> {
  const { options, folder } = order;
  const { settings, scratch, signal, tell } = parts;
  const verify = await verifyRequest(order, parts);
  const target = await openTarget(order, settings, signal);
  try {
    const near = isUpload(order)
      ? target
      : await nearCopy(target, {
          folder: join(scratch, 'source'),
          maxBytes: settings.limits.maxUploadBytes,
          signal,
          onEvent: tell('fetch'),
        });
    const assessOnce = assessing(order, parts);
    const conversion = await convertArtifact(near, assessOnce, {
      target: options.to,
      folder,
      salvage: options.salvage,
      acceptSuspicious: options.acceptSuspicious,
      verify,
      ...(options.inputShape === null ? {} : { inputShape: options.inputShape }),
      ...(order.publicKey === null ? {} : { attest: parts.signer }),
      maxOutputBytes: order.maxOutputBytes,
      signal,
      onEvent: writing(tell),
    });
    return { kind: 'converted', conversion, assessment: await assessPublished(order, parts) };
  } catch (error) {
    if (!(error instanceof ConversionMismatch)) throw error;
    return { ...jobFailure(error), conversion: error.conversion };
  } finally {
    await target.close();
  }
}

/** Where the files of a verification have the names that the user gave them. */
export function rowsFolder(scratch: string): string {
  return join(scratch, 'rows');
}

async function verifyRequest(
  { options, tenant }: ConversionOrder,
  { settings, scratch }: RunParts,
): Promise<VerifyRequest | undefined> {
  if (options.rows !== null)
    return givenRows(join(settings.dataFolder, 'uploads'), tenant, options.rows, rowsFolder(scratch));
  return options.verify ? {} : undefined;
}

/** The assessments of a conversion: of the source first, then of what was written. */
function assessing({ options }: ConversionOrder, { lists, parsers, signal, tell }: RunParts) {
  let isSource = true;
  return async (artifact: Artifact): Promise<Assessment> => {
    const onEvent = tell(isSource ? 'scan' : 'scan-result');
    const assessment = await assess(artifact, { lists: lists.lists, signal, onEvent, parsers });
    if (isSource) checkDigest(assessment, options.digest);
    isSource = false;
    return { ...assessment, notes: [...assessment.notes, ...lists.notes] };
  };
}

/** Whoever asked for the bytes of a version gets those, or nothing. */
function checkDigest({ artifact }: Assessment, wanted: string | null): void {
  if (wanted === null || artifact.digest === wanted) return;
  throw new AssayError(
    'mismatch',
    `has the digest ${artifact.digest ?? 'of no bytes'} now, and the version has ${wanted}`,
    {
      subject: artifact.ref,
      hint: 'submit it again, and convert the version that it gives',
    },
  );
}

/** The files as they are published, with the attestation among them. */
async function assessPublished(
  { folder, job, publicKey }: ConversionOrder,
  { lists, parsers, signal, tell }: RunParts,
): Promise<Assessment> {
  const written = await openPath({ kind: 'path', path: folder }, {});
  const ref = `conversion:${job}`;
  try {
    const assessment = await assess(
      { ...written, ref, pinned: ref, notes: [] },
      { lists: lists.lists, signal, onEvent: tell('scan-result'), parsers, ...trusting(publicKey) },
    );
    return { ...assessment, notes: [...assessment.notes, ...lists.notes] };
  } finally {
    await written.close();
  }
}

/** The service is trusted for what it signed itself. */
function trusting(publicKey: string | null): Pick<AssessOptions, 'signature'> {
  if (publicKey === null) return {};
  const key = readPublicKey(publicKey, 'the key for conversions');
  const rule = { name: 'this service', trust: { kind: 'key', key } as const, may: new Set(['conversion'] as const) };
  return { signature: { trusts: [], converters: { path: '', rules: [rule], warnings: [] } } };
}

/** Events while files are written, and while they are verified. */
function writing(tell: RunParts['tell']): OnEvent {
  const written = tell('convert');
  const verified = tell('verify');
  return (event) => (event.kind === 'note' ? verified(event) : written(event));
}
