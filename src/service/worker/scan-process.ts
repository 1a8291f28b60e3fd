/** The process that scans, converts and tests, one artifact after another: if one takes it over, it finds no key, no secret and no lease. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { receivedBytes } from '../../egress/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { assess, type ChosenLists, chosenLists } from '../../pipeline/index.ts';
import { ParserPool } from '../../pipeline/parsers/index.ts';
import type { JobProgress } from '../../registry/index.ts';
import { asHelper, ownUse } from '../../sandbox/index.ts';
import { jobFailure } from './job-failure.ts';
import type {
  ConversionOrder,
  ConvertEnd,
  HelperReply,
  ScanEnd,
  ScanOrder,
  ScanSettings,
  TestedEnd,
  TestOrder,
  WorkerMessage,
} from './scan-messages.ts';
import { progressOf } from './scan-progress.ts';
import { openWhole } from './scan-target.ts';

const PROGRESS_MS = 250;
/** Installed rules are read again this often: they are replaced while processes run, and they end. */
const RULES_MS = 10_000;

/** Scans are beside each other, one a process: the files of each go to one parser, which is kept for the next scan. */
const parsers = new ParserPool(1);
let rules: { readonly lists: ChosenLists; readonly until: number } | undefined;
let stop = new AbortController();

let settings: ScanSettings | undefined;
let signed: ((bundle: unknown) => void) | undefined;

const tell = asHelper<WorkerMessage, HelperReply>(async (request) => {
  if (request.kind === 'settings') {
    settings = request.settings;
    return;
  }
  if (request.kind === 'stop') return stop.abort();
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

async function scan(order: ScanOrder, signal: AbortSignal): Promise<ScanEnd> {
  const { lists, notes } = await currentRules();
  const artifact = await openWhole(order, given(), signal);
  try {
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
      unopened: unopened === undefined ? null : jobFailure(unopened),
    };
  } finally {
    await artifact.close();
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
