/** The scanner thread, one scan after another: if an artifact crashes it, the process with the leases continues. */
import { parentPort, workerData } from 'node:worker_threads';
import { isAssayError, withHint } from '../../core/index.ts';
import { assess, type ChosenLists, chosenLists } from '../../pipeline/index.ts';
import { ParserPool } from '../../pipeline/parsers/index.ts';
import { ServiceError } from '../problems/index.ts';
import type { ScanEnd, ScanOrder, ScanReply, ScanSettings, WorkerMessage } from './scan-messages.ts';
import { progressOf } from './scan-progress.ts';
import { openTarget } from './scan-target.ts';

const PROGRESS_MS = 250;
/** Installed rules are read again this often: they are replaced while threads run, and they end. */
const RULES_MS = 10_000;

const port = parentPort;
if (port === null) throw new Error('this module runs as a thread');
const settings = workerData as ScanSettings;

/** Scans are beside each other, one a thread: the files of each go to one parser, which is kept for the next scan. */
const parsers = new ParserPool(1);
let rules: { readonly lists: ChosenLists; readonly until: number } | undefined;
let stop = new AbortController();

port.on('message', async (request: WorkerMessage) => {
  if (request.kind === 'stop') return stop.abort();
  stop = new AbortController();
  const end = await scan(request.order, stop.signal).catch(failure);
  port.postMessage(end satisfies ScanReply);
});

async function scan(order: ScanOrder, signal: AbortSignal): Promise<ScanEnd> {
  const { lists, notes } = await currentRules();
  const artifact = await openTarget(order, settings, signal);
  try {
    const tell = (progress: ScanReply & { kind: 'progress' }) => port?.postMessage(progress);
    const onEvent = progressOf((progress) => tell({ kind: 'progress', progress }), PROGRESS_MS);
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
      unopened: unopened === undefined ? null : failure(unopened),
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

function failure(error: unknown): ScanEnd & { readonly kind: 'failed' } {
  if (error instanceof ServiceError) return { kind: 'failed', code: error.code, message: error.message };
  if (!isAssayError(error)) throw error;
  const { code, subject } = error;
  // The submitter must not learn paths of this machine.
  const about = subject === undefined || subject.startsWith('/') ? '' : `${subject}: `;
  return { kind: 'failed', code, message: `${about}${withHint(error)}` };
}
