import { readMxnetParams } from '../../formats/tensor-lists/index.ts';
import { judgeBuffers, judgeStray, readOrReport, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { MXNET_RULES } from './rules.ts';

/** Judges a file of MXNet's parameters: the places of all arrays and names, to the end of the file. */
export async function judgeMxnetParams(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const rule = MXNET_RULES.structure;
  const read = await readOrReport(target, context, rule, () => readMxnetParams(source, context.budget));
  if (read === undefined) return;
  let at = 0;
  for (const { start, end } of read.arrays) {
    context.cover(at, start, 'parsed');
    context.cover(start, end, 'opaque', 'parameters of an MXNet model: numbers');
    at = end;
  }
  context.cover(at, read.end, 'parsed');
  const what = 'There are bytes behind the parameters';
  await judgeStray(target, context, { start: read.end, end: source.size, name: '(trailing)', rule, what });
  const buffers = read.arrays.map(({ start, end }, index) => ({ where: `array ${index}`, start, end, numbers: true }));
  await judgeBuffers(target, context, MXNET_RULES.hidden, buffers);
}
