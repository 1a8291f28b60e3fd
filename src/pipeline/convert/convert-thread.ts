/** The thread of one conversion: its supervisor kills it at the limits. */
import { parentPort, workerData } from 'node:worker_threads';
import { planOnnxFiles, planSafetensors, writeOnnxFiles, writePlan } from '../../convert/index.ts';
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

async function convert(order: ConvertOrder): Promise<void> {
  if (order.target === 'onnx') await toOnnx(order);
  else await toSafetensors(order);
}

async function toSafetensors({ files, folder, sourceDigest, version, limits }: ConvertOrder): Promise<void> {
  const inputs = files.map(({ path, file, salvage }) => ({ path, source: FileSource.shared(file), salvage }));
  const metadata = {
    'assay.version': version,
    ...(sourceDigest === undefined ? {} : { 'assay.source': sourceDigest }),
  };
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
  await writePlan(plan, folder, { signal: undefined, onBytes: tell });
}

async function toOnnx({ files, folder, sourceDigest, limits }: ConvertOrder): Promise<void> {
  const inputs = files.map(({ path, file }) => ({ path, source: FileSource.shared(file) }));
  const plan = await planOnnxFiles(inputs, { limits, signal: undefined, resources, sourceDigest });
  send({
    kind: 'planned',
    files: plan.files.map(({ path, from, title, bytes, tensors }) => ({
      path,
      from: [from],
      format: title,
      size: bytes.size,
      tensors,
      leftOut: [],
    })),
    indexes: [],
    skipped: plan.skipped,
  });
  await writeOnnxFiles(plan, folder, tell);
}

function tell(path: string, bytes: number): void {
  send({ kind: 'bytes', path, bytes });
}
