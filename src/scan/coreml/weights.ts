import { readCoremlWeights } from '../../formats/protobuf/index.ts';
import { judgeBuffers, judgeStray, readOrReport, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { COREML_RULES } from './rules.ts';

const UNIT = 64;

/** Judges the file of weights of a program: blobs are numbers, and what lies between them are zeros. */
export async function judgeCoremlWeights(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const rule = COREML_RULES.structure;
  const blobs = await readOrReport(target, context, rule, () => readCoremlWeights(source, context.budget));
  if (blobs === undefined) return;
  let at = UNIT;
  context.cover(0, UNIT, 'parsed');
  for (const { start, end } of blobs) {
    context.cover(at, at + UNIT, 'parsed');
    await stray(at + UNIT, start);
    context.cover(start, end, 'opaque', 'weights of a Core ML program: numbers');
    at = Math.min(source.size, Math.ceil(end / UNIT) * UNIT);
    await stray(end, at);
  }
  await stray(at, source.size);
  const contents = blobs.map(({ start, end }, index) => ({ where: `blob ${index}`, start, end, numbers: true }));
  await judgeBuffers(target, context, COREML_RULES.hidden, contents);

  async function stray(start: number, end: number): Promise<void> {
    if (end <= start) return;
    await judgeStray(target, context, {
      start,
      end,
      name: '(between blobs)',
      rule,
      what: 'There are bytes between the weights',
    });
  }
}
