import { SliceSource } from '../../../core/bytes/index.ts';
import type { Hdf5Dataset } from '../../../formats/hdf5/index.ts';
import { activeFormat } from '../../scanner/index.ts';
import { HDF5_RULES } from '../rules.ts';
import { judgeHeld } from './held.ts';
import type { Hdf5Scan } from './state.ts';

/** Filters that are part of HDF5 itself (1 to 6), and LZF, which h5py brings. */
const LAST_STANDARD = 6;
const LZF = 32_000;
/** Bytes that a dataset may have beyond what is stored of it, and what deflate can make of a byte. */
const MAX_UNSTORED = 64 * 1024 * 1024;
const MAX_RATIO = 1_032;
/** Elements of texts and bytes that are read to see what they are. */
const MAX_READ = 64 * 1024 * 1024;
const MAX_HELD = 1_000_000;

/** Judges where the elements of a dataset come from, how much memory they take, and whether they are a file of their own. */
export async function judgeDataset(scan: Hdf5Scan, path: string, dataset: Hdf5Dataset): Promise<void> {
  const { file, places } = scan;
  const { layout } = dataset;
  judgeFilters(scan, path, dataset);
  if (layout.kind === 'external' || layout.kind === 'virtual') return await judgeElsewhere(scan, path, dataset);
  const ranges = await file.ranges(dataset);
  let stored = layout.kind === 'compact' ? layout.data.length : 0;
  for (const range of ranges) {
    places.elements(range);
    stored += range.end - range.start;
  }
  if (dataset.length > MAX_UNSTORED && dataset.length > stored * MAX_RATIO) {
    say(scan, 'size', path, `has ${dataset.length} bytes, of which ${stored} are stored`);
    return;
  }
  await judgeElements(scan, path, dataset);
}

function judgeFilters(scan: Hdf5Scan, path: string, { filters }: Hdf5Dataset): void {
  for (const { id } of filters)
    if (id > LAST_STANDARD && id !== LZF) say(scan, 'filter', path, `uses the filter ${id}, which is not part of HDF5`);
}

async function judgeElsewhere(scan: Hdf5Scan, path: string, dataset: Hdf5Dataset): Promise<void> {
  const names = await scan.file.otherFiles(dataset);
  const external = dataset.layout.kind === 'external';
  const away = external ? names : names.filter((name) => name !== '.' && name !== '');
  if (away.length > 0 || external)
    say(scan, 'externalData', path, `takes its elements from ${JSON.stringify(away.join(', ').slice(0, 200))}`);
  else say(scan, 'virtual', path, 'takes its elements from other datasets');
}

/** Texts and bytes may be a file, such as a pickle. Numbers are not looked at one by one. */
async function judgeElements(scan: Hdf5Scan, path: string, dataset: Hdf5Dataset): Promise<void> {
  const { file, context, target } = scan;
  const { type, layout, length, filters } = dataset;
  const name = path.slice(-200);
  const isHeld = type.kind === 'long-text' || (type.kind === 'other' && type.name === 'variable-length');
  const isBytes = type.size === 1 || type.kind === 'text' || (type.kind === 'other' && type.name === 'opaque');
  if (length === 0) return;
  if (layout.kind === 'contiguous' && !isHeld) {
    const [range] = await file.ranges(dataset);
    if (range === undefined) return;
    const source = new SliceSource(target.source, range.start, length, `${target.source.name} ${name}`);
    if ((await activeFormat(source, context)) !== undefined)
      await context.member(source, name, { storedAt: range.start });
    return;
  }
  if (!isHeld && !isBytes) return;
  if (length > MAX_READ || filters.some(({ kind }) => kind === 'other')) {
    if (isHeld) context.incomplete(`the dataset ${name} holds values of any length, which were not read`);
    return;
  }
  const elements = await file.elements(dataset);
  try {
    context.budget.hold(length);
    const bytes = await elements.read(0, elements.size);
    if (!isHeld) return await judgeHeld(scan, bytes, name);
    let count = 0;
    for await (const held of file.heapObjects(bytes, type.size)) {
      if (++count > MAX_HELD) return context.incomplete(`the dataset ${name} has more than ${MAX_HELD} values`);
      await judgeHeld(scan, held, `${name}[${count - 1}]`);
    }
  } finally {
    context.budget.release(length);
    await elements.close();
  }
}

function say({ context }: Hdf5Scan, rule: keyof typeof HDF5_RULES, path: string, what: string): void {
  context.report({
    rule: HDF5_RULES[rule],
    subject: path,
    message: `The dataset ${JSON.stringify(path.slice(0, 120))} ${what}.`,
  });
}
