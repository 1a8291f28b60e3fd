/** The thread of one conversion: its supervisor kills it at the limits. */
import { parentPort, workerData } from 'node:worker_threads';
import { planSafetensors, writePlan } from '../../convert/index.ts';
import { FileSource } from '../../core/bytes/index.ts';
import { AsyncDisposableStack } from '../../core/index.ts';
import { toWire } from '../parsers/index.ts';
import type { ConvertOrder, FromConverter } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs as a thread');
const send = (message: FromConverter): void => port.postMessage(message);

const resources = new AsyncDisposableStack();
try {
  await convert(workerData as ConvertOrder);
  await resources.disposeAsync();
  send({ kind: 'done' });
} catch (error) {
  await resources.disposeAsync().catch(() => {});
  send({ kind: 'failed', error: toWire(error) });
}

async function convert({ files, folder, metadata, limits }: ConvertOrder): Promise<void> {
  const inputs = files.map(({ path, file, salvage }) => ({ path, source: FileSource.shared(file), salvage }));
  const plan = await planSafetensors(inputs, { limits, signal: undefined, resources, metadata });
  send({
    kind: 'planned',
    files: plan.files.map(({ path, from, format, layout, leftOut }) => ({
      path,
      from,
      format: format.title,
      size: layout.size,
      tensors: layout.tensors.length,
      leftOut,
    })),
    indexes: plan.indexes.map(({ path }) => path),
    skipped: plan.skipped,
  });
  await writePlan(plan, folder, { signal: undefined, onBytes: (path, bytes) => send({ kind: 'bytes', path, bytes }) });
}
