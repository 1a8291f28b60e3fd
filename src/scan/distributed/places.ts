import { isContentError, quotedName } from '../../core/index.ts';
import {
  calleeName,
  dictOf,
  type Inert,
  type InertPickle,
  isKind,
  readInert,
  wholeCount,
} from '../../formats/pickle/inert/index.ts';
import { resolveLocation } from '../paths/index.ts';
import type { ScanContext, ScanTarget } from '../scanner/index.ts';
import { PLACE_ODD, PLACE_OUTSIDE } from './rules.ts';

const METADATA = 'torch.distributed.checkpoint.metadata.Metadata';
/** Also of releases that had it in `torch.distributed._shard`. */
const PLACE = /^torch\.distributed\.(?:_shard\.)?checkpoint\.(?:filesystem|metadata)\._?StorageInfo$/;
/** Files of one checkpoint: some for each process. */
const MAX_FILES = 200_000;
const MAX_SAID = 20;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Judges where the metadata says that values are, and which bytes of which files these are. Every place counts that the pickle makes,
 * also one that nothing holds.
 */
export async function judgePlaces(target: ScanTarget, context: ScanContext): Promise<void> {
  const pickle = await readMetadata(target, context);
  if (pickle === undefined) return;
  const files = new Map<string, Range[]>();
  let said = 0;
  for (const { name, offset, length } of placesOf(pickle)) {
    const location = typeof name === 'string' ? resolveLocation(name) : ({ kind: 'odd', why: 'is not text' } as const);
    const shown = typeof name === 'string' ? quotedName(name) : 'that a value is in';
    const [start, size] = [wholeCount(offset), wholeCount(length)];
    if (location.kind !== 'inside' || start === undefined || size === undefined) {
      const why = location.kind === 'inside' ? 'has a place that is not a number' : location.why;
      const rule = location.kind === 'outside' ? PLACE_OUTSIDE : PLACE_ODD;
      if (said++ < MAX_SAID || location.kind === 'outside')
        context.report({ rule, subject: shown, message: `The file ${shown} of the checkpoint ${why}.` });
      continue;
    }
    const ranges = files.get(location.path) ?? [];
    ranges.push({ start, end: start + size });
    files.set(location.path, ranges);
    if (files.size > MAX_FILES) {
      context.incomplete(`values of the checkpoint are in more than ${MAX_FILES} files`);
      return;
    }
  }
  const folder = target.file.slice(0, target.file.lastIndexOf('/') + 1);
  for (const [path, ranges] of files) {
    const end = ranges.reduce((most, range) => Math.max(most, range.end), 0);
    context.refersTo({ path: folder + path, ranges: [{ start: 0, end }], holds: 'checkpoint' });
  }
}

/** @returns undefined for another pickle of this name */
async function readMetadata({ source }: ScanTarget, context: ScanContext): Promise<InertPickle | undefined> {
  const { limits, signal, budget } = context;
  try {
    const pickle = await readInert(source, 0, { limits, signal, budget });
    const isMetadata = pickle.calls.some((call) => calleeName(call) === METADATA);
    return isMetadata || [...placesOf(pickle)].length > 0 ? pickle : undefined;
  } catch (error) {
    if (!isContentError(error)) throw error;
    context.incomplete(`where values of the checkpoint are was not read: ${error.message}`);
    return undefined;
  }
}

interface Place {
  readonly name: Inert | undefined;
  readonly offset: Inert | undefined;
  readonly length: Inert | undefined;
}

function* placesOf({ calls }: InertPickle): Generator<Place> {
  for (const call of calls) {
    if (!PLACE.test(calleeName(call) ?? '')) continue;
    // A dataclass may also be called with its values.
    const args = isKind(call.args, 'tuple') ? call.args.items : [];
    if (args.length > 0) yield { name: args[0], offset: args[1], length: args[2] };
    for (const state of call.states) {
      const held = dictOf(state);
      yield { name: held?.get('relative_path'), offset: held?.get('offset'), length: held?.get('length') };
    }
  }
}
