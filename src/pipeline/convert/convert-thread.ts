/** The thread of one conversion: its supervisor kills it at the limits. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { type ConversionPlan, planConversion, writePlan } from '../../convert/index.ts';
import { FileSource } from '../../core/bytes/index.ts';
import { AssayError, AsyncDisposableStack } from '../../core/index.ts';
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

async function convert({
  target,
  files,
  folder,
  sourceDigest,
  limits,
  verify,
  inputShape,
  maxOutputBytes = Number.POSITIVE_INFINITY,
}: ConvertOrder): Promise<void> {
  const inputs = files.map(({ path, file, salvage }) => ({ path, source: FileSource.shared(file), salvage }));
  const plan = await planConversion(target, inputs, {
    limits,
    signal: undefined,
    resources,
    sourceDigest,
    verify,
    inputShape,
  });
  checkSize(plan, maxOutputBytes);
  const announced = plan.files.map(({ pieces: _, compare: __, ...file }) => file);
  send({
    kind: 'planned',
    files: announced.filter(({ hidden }) => hidden !== true),
    hidden: announced.filter(({ hidden }) => hidden === true),
    indexes: plan.indexes.map(({ path }) => path),
    skipped: plan.skipped,
  });
  const onBytes = (path: string, bytes: number) => send({ kind: 'bytes', path, bytes });
  await writePlan(plan, folder, { signal: undefined, onBytes });
  for (const { path, compare } of verify ? plan.files : []) {
    if (compare === undefined) continue;
    const written = await FileSource.open(join(folder, ...path.split('/')));
    try {
      send({ kind: 'compared', path, verification: await compare(written, undefined) });
    } finally {
      await written.close();
    }
  }
}

/** A plan says how long each file will be: a disk that is too small is told of before anything is written. */
function checkSize({ files, indexes }: ConversionPlan, most: number): void {
  const texts = indexes.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const bytes = files.reduce((sum, { size }) => sum + size, texts);
  if (bytes <= most) return;
  throw new AssayError('limit', `the result has ${bytes} bytes, and ${most} may be written (maxOutputBytes)`);
}
