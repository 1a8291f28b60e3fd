import { AssayError } from '../../../core/index.ts';
import { Hdf5File, type Hdf5Object } from '../../../formats/hdf5/index.ts';
import { type ScanContext, type ScanTarget, yieldToEventLoop } from '../../scanner/index.ts';
import { HDF5_RULES } from '../rules.ts';
import { judgeAttributes } from './attributes.ts';
import { judgeDataset } from './datasets.ts';
import { Places } from './places.ts';
import type { Hdf5Scan } from './state.ts';

/** Objects of one file: more than any model has weights. */
const MAX_OBJECTS = 1_000_000;
const MAX_SHOWN = 120;

/**
 * Reads every object that a name of the file leads to, judges what it holds, and then the bytes that belong to none.
 * @throws AssayError `malformed`, `unsupported`, `limit`
 */
export async function judgeContents(
  target: ScanTarget,
  context: ScanContext,
  { at, end }: { readonly at: number; readonly end: number },
): Promise<void> {
  const places = new Places(target, context);
  const { limits, budget } = context;
  const onRead = (start: number, stop: number): void => places.read(start, stop);
  const file = await Hdf5File.open(target.source, { limits, budget, onRead });
  // The superblock itself, of 48 to 96 bytes.
  places.read(at, Math.min(end, at + 48));
  await judgeObjects({ target, context, file, places });
  await places.judgeRest(at, end);
}

async function judgeObjects(scan: Hdf5Scan): Promise<void> {
  const { file, context } = scan;
  const root = await file.root();
  const known = new Set<Hdf5Object>([root]);
  const open: Hdf5Object[] = [root];
  for (let object = open.pop(); object !== undefined; object = open.pop()) {
    await yieldToEventLoop(context.signal);
    await judgeAttributes(scan, object);
    if (object.dataset !== undefined) await judgeDataset(scan, object.path, object.dataset);
    for (const [name, link] of object.links) {
      const path = `${object.path}/${name}`.slice(-1_000);
      if (link.kind === 'external')
        say(scan, path, `leads to ${JSON.stringify(link.to.slice(0, MAX_SHOWN))}, which is another file`);
      else if (link.kind === 'user-defined') say(scan, path, 'is a link that a program defines');
      if (link.kind !== 'hard') continue;
      const next = await file.at(link.address, path);
      if (known.has(next)) continue;
      known.add(next);
      context.budget.hold(64);
      if (known.size > MAX_OBJECTS)
        throw new AssayError('limit', `has more than ${MAX_OBJECTS} objects`, { subject: file.name });
      open.push(next);
    }
  }
}

function say({ context }: Hdf5Scan, path: string, what: string): void {
  context.report({
    rule: HDF5_RULES.externalLink,
    subject: path,
    message: `The name ${JSON.stringify(path.slice(0, MAX_SHOWN))} ${what}.`,
  });
}
