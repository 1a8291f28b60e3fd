import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TestReport } from '../../../core/behavior/index.ts';
import { type Artifact, AssayError, isAssayError, type OnEvent } from '../../../core/index.ts';
import { SHA256_PLAN, treeDigest } from '../../../integrity/hash/index.ts';
import { digestArtifact, sha256Of } from '../../../pipeline/index.ts';
import { type PlacedArtifact, testModel } from '../../../pipeline/test/index.ts';
import type { JobProgress } from '../../../registry/index.ts';
import { jsonText } from '../../../report/index.ts';
import { openPath } from '../../../sources/path/index.ts';
import { ServiceError } from '../../problems/index.ts';
import type { TestedWith } from '../../tests/index.ts';
import { nearCopy } from '../convert/index.ts';
import type { ScanSettings, TestedEnd, TestOrder, TestSource } from '../scan-messages.ts';
import { openTarget } from '../scan-target.ts';

export interface TestRunParts {
  readonly settings: ScanSettings;
  /** Empty: for downloads. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Receives the events of a step. */
  readonly tell: (step: NonNullable<JobProgress['step']>) => OnEvent;
}

/** What a person may read of one job; figures are bounded, so more is a defect. */
const MAX_REPORT = 32 * 1024 * 1024;

type Compared = Pick<TestedWith, 'baseline' | 'noBaseline'>;

/** Files on this machine, and the digest of all their bytes. */
interface Fetched {
  readonly artifact: Artifact;
  readonly digest: string;
}

/**
 * Tests the target of a job by the suite of its order, beside the approved version.
 * @throws AssayError what opening and testing throw; ServiceError about uploads
 */
export async function runModelTests(order: TestOrder, parts: TestRunParts): Promise<TestedEnd> {
  const { options, drivers } = order;
  const { signal, tell } = parts;
  const { artifact, digest } = await fetched(order, order, 'model', parts);
  try {
    if (options.digest !== null && digest !== options.digest)
      throw new AssayError('mismatch', `has the digest ${digest} now, and the version has ${options.digest}`, {
        subject: artifact.ref,
        hint: 'submit it again, and test the version that it gives',
      });
    let compared: Compared = { baseline: null, noBaseline: null };
    const started = performance.now();
    const report = await testModel(artifact, null, {
      suite: order.suite,
      suiteName: options.suite,
      device: options.device,
      baseline: async () => {
        const { opened, ...what } = await comparedWith(order, digest, parts);
        compared = what;
        return opened;
      },
      open: (path) => openPath({ kind: 'path', path }, {}),
      env: drivers,
      signal,
      onEvent: tell('test'),
    });
    return endOf(report, { digest, ...compared }, performance.now() - started);
  } finally {
    await artifact.close();
  }
}

function endOf(report: TestReport, context: TestedWith & { readonly digest: string }, tookMs: number): TestedEnd {
  const text = `${jsonText(report, 2)}\n`;
  if (text.length > MAX_REPORT) throw new AssayError('limit', `the report has more than ${MAX_REPORT} characters`);
  const { suite, model, device, status } = report;
  const evidence = {
    digest: context.digest,
    model: model.sha256,
    suite: { name: suite.name, sha256: suite.sha256 },
    device: device?.device ?? null,
    baseline: context.baseline?.digest ?? null,
    report: createHash('sha256').update(text).digest('hex'),
  };
  // The device is held as long as the tests run, whatever share of that it works.
  const usesGpu = device !== null && device.device !== 'cpu';
  return { kind: 'tested', outcome: status, report: text, context, evidence, gpuMs: usesGpu ? tookMs : null };
}

/** All files of a source, on this machine. */
async function fetched(
  { target, folder }: TestSource,
  order: TestOrder,
  name: string,
  { settings, scratch, signal, tell }: TestRunParts,
): Promise<Fetched> {
  const opened =
    folder === null ? await openTarget({ ...order, target }, settings, signal) : await kept(target, folder);
  try {
    const artifact = await nearCopy(opened, {
      folder: join(scratch, name),
      maxBytes: settings.limits.maxUploadBytes,
      signal,
      onEvent: tell('fetch'),
    });
    const digested = await digestArtifact(artifact, [SHA256_PLAN], { signal });
    const digest = treeDigest(digested.map((file) => ({ path: file.path, size: file.size, sha256: sha256Of(file) })));
    return { artifact, digest };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function kept(ref: string, path: string): Promise<Artifact> {
  return { ...(await openPath({ kind: 'path', path }, {})), ref, pinned: ref, notes: [] };
}

/** The first approved version that can be read, has its bytes, and is another one than the model that is tested. */
async function comparedWith(
  order: TestOrder,
  digest: string,
  parts: TestRunParts,
): Promise<Compared & { readonly opened: PlacedArtifact | undefined }> {
  const why = [...order.notApproved];
  for (const [index, source] of order.approved.entries()) {
    const { version } = source;
    const which = `version ${version.number}, which is approved for ${version.stage},`;
    if (version.digest === digest) {
      why.push(`${which} is the one that is tested`);
      continue;
    }
    try {
      const found = await fetched(source, order, `approved-${index}`, parts);
      if (found.digest === version.digest)
        return { baseline: version, noBaseline: null, opened: { artifact: found.artifact, path: null } };
      await found.artifact.close();
      why.push(`${which} has other bytes now`);
    } catch (error) {
      if (!(error instanceof ServiceError || isAssayError(error)) || error.code === 'aborted') throw error;
      why.push(`${which} cannot be read: ${error.message}`);
    }
  }
  return { baseline: null, noBaseline: why.join('; '), opened: undefined };
}
