/** The process that scans, converts, tests and checks data, one job after another: if one takes it over, it finds no key, no secret and no lease. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifact, AssayError, isAssayError } from '../../core/index.ts';
import { receivedBytes } from '../../egress/index.ts';
import { SHA256_PLAN, treeDigest } from '../../integrity/hash/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { assess, type ChosenLists, chosenLists, digestArtifact, sha256Of } from '../../pipeline/index.ts';
import { ParserPool } from '../../pipeline/parsers/index.ts';
import type { JobProgress, KeptScan, ScanInput } from '../../registry/index.ts';
import { asHelper, ownUse } from '../../sandbox/index.ts';
import { jobFailure } from './job-failure.ts';
import { mayBeKnown, scanInput } from './scan-input.ts';
import type {
  CheckedEnd,
  ConversionOrder,
  ConvertEnd,
  DataOrder,
  HelperReply,
  ReusingOrder,
  ScanEnd,
  ScanSettings,
  TestedEnd,
  TestOrder,
  WorkerMessage,
} from './scan-messages.ts';
import { progressOf } from './scan-progress.ts';
import { isUpload, openWhole } from './scan-target.ts';

const PROGRESS_MS = 250;
/** Installed rules are read again this often: they are replaced while processes run, and they end. */
const RULES_MS = 10_000;

/** Scans are beside each other, one a process: the files of each go to one parser, which is kept for the next scan. */
const parsers = new ParserPool(1);
let rules: { readonly lists: ChosenLists; readonly until: number } | undefined;
let stop = new AbortController();

let settings: ScanSettings | undefined;
let signed: ((bundle: unknown) => void) | undefined;
let kept: ((scans: readonly KeptScan[]) => void) | undefined;

const tell = asHelper<WorkerMessage, HelperReply>(async (request) => {
  if (request.kind === 'settings') {
    settings = request.settings;
    return;
  }
  if (request.kind === 'stop') return stop.abort();
  if (request.kind === 'kept') return kept?.(request.scans);
  if (request.kind === 'signed') return signed?.(request.bundle);
  stop = new AbortController();
  const { signal } = stop;
  switch (request.kind) {
    case 'scan':
      return send(await scan(request.order, signal).catch((error: unknown) => jobFailure(error)));
    case 'convert':
      return send(await convert(request.order, signal));
    case 'test':
      return send(await test(request.order, signal).catch((error: unknown) => jobFailure(error)));
    case 'data':
      return send(await checkData(request.order, signal).catch((error: unknown) => jobFailure(error)));
  }
});

/** What was used comes before what was done: a process that is killed later has told it. */
function send(reply: HelperReply): void {
  if (reply.kind !== 'sign') tell({ kind: 'used', used: { ...ownUse(), fetchedBytes: receivedBytes() } });
  tell(reply);
}

function given(): ScanSettings {
  if (settings === undefined) throw new AssayError('internal', 'the settings did not come first');
  return settings;
}

async function scan(order: ReusingOrder, signal: AbortSignal): Promise<ScanEnd> {
  const rules = await currentRules();
  const { lists, notes } = rules;
  const artifact = await openWhole(order, given(), signal);
  try {
    const input = scanInput(order, artifact, rules, given());
    const same = order.reuses && mayBeKnown(artifact) ? await sameScan(order, artifact, input, signal) : undefined;
    if (same !== undefined) return { kind: 'same', kept: same, input, ref: artifact.ref };
    const onEvent = telling();
    let unopened: unknown;
    const files = artifact.files.map((file) => ({
      ...file,
      open: (stopped?: AbortSignal) =>
        file.open(stopped).catch((error: unknown) => {
          unopened ??= error;
          throw error;
        }),
    }));
    const assessment = await assess({ ...artifact, files }, { lists, signal, onEvent, parsers });
    return {
      kind: 'assessed',
      assessment: { ...assessment, notes: [...assessment.notes, ...notes] },
      input,
      unopened: unopened === undefined ? null : jobFailure(unopened),
    };
  } finally {
    await artifact.close();
  }
}

/** The kept scan of these bytes: what was pinned names the same, and what is on this machine is hashed. */
async function sameScan(
  order: ReusingOrder,
  artifact: Artifact,
  input: ScanInput,
  signal: AbortSignal,
): Promise<KeptScan | undefined> {
  const scans = await new Promise<readonly KeptScan[]>((resolve) => {
    kept = resolve;
    send({ kind: 'listed', input });
  });
  kept = undefined;
  const pinned = scans.find(({ isSameReference }) => isSameReference);
  if (pinned !== undefined || scans.length === 0 || !isUpload(order)) return pinned;
  const digest = await digestOf(artifact, signal);
  return scans.find((one) => one.digest === digest);
}

/** @returns `undefined` for what cannot be hashed: a scan tells why */
async function digestOf(artifact: Artifact, signal: AbortSignal): Promise<string | undefined> {
  try {
    const files = await digestArtifact(artifact, [SHA256_PLAN], { signal, onEvent: telling() });
    return treeDigest(files.map((file) => ({ path: file.path, size: file.size, sha256: sha256Of(file) })));
  } catch (error) {
    if (!isAssayError(error) || error.code === 'aborted' || error.code === 'internal') throw error;
    return undefined;
  }
}

async function currentRules(): Promise<ChosenLists> {
  if (rules === undefined || rules.until < performance.now()) {
    rules = { lists: await chosenLists('installed', process.env), until: performance.now() + RULES_MS };
  }
  return rules.lists;
}

async function convert(order: ConversionOrder, signal: AbortSignal): Promise<ConvertEnd> {
  // Most threads convert nothing.
  const { rowsFolder, runConversion } = await import('./convert/index.ts');
  const scratch = await mkdtemp(join(tmpdir(), 'conversion-'));
  try {
    const lists = await currentRules();
    return await runConversion(order, { settings: given(), lists, parsers, scratch, signer, signal, tell: telling });
  } catch (error) {
    return jobFailure(error, rowsFolder(scratch));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function test(order: TestOrder, signal: AbortSignal): Promise<TestedEnd> {
  const { runModelTests } = await import('./test/index.ts');
  const scratch = await mkdtemp(join(tmpdir(), 'test-'));
  try {
    return await runModelTests(order, { settings: given(), scratch, signal, tell: telling });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkData(order: DataOrder, signal: AbortSignal): Promise<CheckedEnd> {
  const { runDataChecks } = await import('./data/index.ts');
  return runDataChecks(order, { settings: given(), signal, onEvent: telling('data') });
}

function telling(step?: JobProgress['step']) {
  return progressOf((progress) => send({ kind: 'progress', progress }), PROGRESS_MS, step);
}

/** Signs where the key is. */
const signer: PayloadSigner = {
  async sign(payloadType, payload) {
    const answer = new Promise<unknown>((resolve) => {
      signed = resolve;
    });
    send({ kind: 'sign', payloadType, payload });
    const bundle = await answer;
    signed = undefined;
    if (bundle === null) throw new AssayError('internal', 'the conversion was not signed');
    return bundle;
  },
};
