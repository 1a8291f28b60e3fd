/** The thread that rebuilds graphs: its supervisor kills it at the limits. */
import { parentPort, workerData } from 'node:worker_threads';
import { type RebuildResult, rebuildModels } from '../../convert/index.ts';
import { FileSource } from '../../core/bytes/index.ts';
import { AsyncDisposableStack, cut } from '../../core/index.ts';
import { toWire } from '../parsers/index.ts';
import type { FromRebuild, RebuildOrder, RebuiltGraph } from './messages.ts';

/** Reasons that are kept of a model, and characters of one. */
const MAX_REASONS = 10;
const MAX_REASON = 300;

const port = parentPort;
if (port === null) throw new Error('this module runs as a thread');
const send = (message: FromRebuild): void => port.postMessage(message);

const resources = new AsyncDisposableStack();
try {
  const { files, graphs, limits } = workerData as RebuildOrder;
  const inputs = files.map(({ path, file }) => ({ path, source: FileSource.shared(file) }));
  const models = await rebuildModels(inputs, new Set(graphs), {
    limits,
    signal: undefined,
    resources,
    onResult: (result) => send({ kind: 'graph', graph: toldOf(result) }),
  });
  await resources.disposeAsync();
  send({ kind: 'done', models });
} catch (error) {
  await resources.disposeAsync().catch(() => {});
  send({ kind: 'failed', error: toWire(error) });
}

function toldOf(result: RebuildResult): RebuiltGraph {
  const { path } = result;
  if (result.kind === 'refused') {
    const { code, message, subject } = result.error;
    const why = [cut(subject === undefined ? message : `${subject}: ${message}`, MAX_REASON)];
    return { path, result: 'refused', differences: [], why, broken: code !== 'unsupported', outputs: [] };
  }
  const reasons = result.unclear.map(({ node, op, why }) =>
    cut(`${op}${node === '' ? '' : ` ${node}`}: ${why}`, MAX_REASON),
  );
  const { differences, outputs } = result;
  return { path, result: result.result, differences, why: reasons.slice(0, MAX_REASONS), broken: false, outputs };
}
