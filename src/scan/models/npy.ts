import { SliceSource } from '../../core/bytes/index.ts';
import { NPY, type NpyHeader, readNpyHeader } from '../../formats/npy/index.ts';
import { NUMPY } from '../../formats/pickle/index.ts';
import {
  activeFormat,
  judgeStray,
  type ScanContext,
  type Scanner,
  type ScanTarget,
  structureRule,
} from '../scanner/index.ts';

const SIZE = structureRule(
  'npy.size-mismatch',
  'A NumPy array does not have the size that its header says',
  'The header states the shape and the type, and thereby the exact number of bytes. Bytes beyond that number are hidden from readers of the array; if there are fewer, the file is cut off or its header is wrong.',
);
const LYING = structureRule(
  'npy.lying-dtype',
  'A NumPy array of numbers holds a pickle',
  'The header says that the array holds numbers, but the data is a pickle. Scanners that trust the header skip the data; a change of one word in the header makes `numpy.load(allow_pickle=True)` run the pickle.',
);

/** NumPy arrays: numbers are skipped by their exact size, objects are scanned as a pickle. */
export const npyScanner: Scanner = {
  id: 'npy',
  formats: [NPY.id],
  rules: [SIZE, LYING],
  async scanFile(target, context) {
    const header = await readNpyHeader(target.source);
    const { dataStart } = header;
    context.cover(0, dataStart, 'parsed');
    const { size } = target.source;
    if (header.object) {
      if (size > dataStart) {
        const data = new SliceSource(target.source, dataStart, size - dataStart, `${target.source.name}!data`);
        await context.member(data, 'data', { storedAt: dataStart, loaders: NUMPY });
      } else context.report({ rule: SIZE, subject: 'data', message: 'The array of objects has no data.' });
    } else await judgeNumbers(target, context, header, header.dataSize ?? 0);
  },
};

async function judgeNumbers(
  target: ScanTarget,
  context: ScanContext,
  header: NpyHeader,
  expected: number,
): Promise<void> {
  const { source } = target;
  const { dataStart } = header;
  const held = source.size - dataStart;
  const end = dataStart + Math.min(expected, held);
  const whole = new SliceSource(source, dataStart, held, `${source.name}!data`);
  const sizes = `${held} bytes of data, and its header says ${expected}`;
  const pickled = (await activeFormat(whole, context))?.id === 'pickle';
  if (pickled)
    context.report({ rule: LYING, subject: 'data', offset: dataStart, message: 'The array of numbers is a pickle.' });
  if (held < expected) context.report({ rule: SIZE, subject: 'data', message: `The array has ${sizes}.` });
  context.cover(dataStart, end, 'opaque', 'raw array: numbers');
  if (pickled && held > expected) {
    // One pickle from the first byte: what follows the array's size is its rest.
    context.report({ rule: SIZE, subject: 'data', message: `The array has ${sizes}.` });
    context.cover(
      end,
      source.size,
      'opaque',
      'the rest of a pickle behind a header of numbers: no loader unpickles it',
    );
    return;
  }
  const what = `Bytes follow the array: it has ${sizes}`;
  await judgeStray(target, context, { start: end, end: source.size, name: '(trailing)', rule: SIZE, what });
}
