import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { type Format, identifyFormat, isBlank, probeOf } from '../../formats/index.ts';
import {
  GLOBAL,
  NOBODY,
  type PickleHandler,
  readStream,
  SILENT,
  UNMARKED_PICKLE,
  type Value,
} from '../../formats/pickle/index.ts';
import type { Rule } from './rule.ts';
import type { MemberOptions, ScanContext, ScanTarget } from './scanner.ts';

/** Formats that can carry code: bytes of one of them are never passed over as data. */
const ACTIVE: ReadonlySet<string> = new Set([
  'pickle',
  'zip',
  'tar',
  'gzip',
  'bzip2',
  'xz',
  'lzma',
  'zlib',
  'zstd',
  'lz4',
  '7z',
  'npy',
  'hdf5',
  'elf',
  'mach-o',
  'pe',
  'ape',
  'wasm',
  'pyc',
  'java-class',
  'lua-bytecode',
  'torch7',
  'shell',
  'python',
]);

/**
 * The format that can carry code which a source is of; `undefined` when it is of none. Two bytes make a pickle's magic, and
 * numbers begin with them now and then: it counts when it runs to its end or imports something, without the magic both.
 */
export async function activeFormat(source: ByteSource, context: ScanContext): Promise<Format | undefined> {
  if (source.size === 0) return undefined;
  const format = identifyFormat(await probeOf(source));
  if (format === undefined || !ACTIVE.has(format.id)) return undefined;
  const marked = format !== UNMARKED_PICKLE;
  return format.id !== 'pickle' || (await runsAsPickle(source, context, marked)) ? format : undefined;
}

async function runsAsPickle(
  source: ByteSource,
  { limits, signal, budget }: ScanContext,
  marked: boolean,
): Promise<boolean> {
  let imports = 0;
  let acts = false;
  const act = ({ kind }: Value) => {
    acts ||= kind >= GLOBAL;
  };
  const handler: PickleHandler = {
    ...SILENT,
    onImport: () => {
      imports++;
      return NOBODY;
    },
    onCall: ({ callee }) => act(callee),
    onBuild: (target) => void act(target),
    onMutate: (receiver) => act(receiver),
  };
  const { end, state } = await readStream(source, 0, handler, { limits, signal, budget });
  state.close();
  return marked
    ? imports > 0 || end.kind !== 'error'
    : acts || end.kind === 'limit' || (imports > 0 && end.kind === 'stop');
}

export interface Stray {
  readonly start: number;
  readonly end: number;
  /** The name of the bytes as a member: `(prefix)`. */
  readonly name: string;
  readonly rule: Rule;
  /** The finding's sentence begins with it: "There are bytes before the archive". */
  readonly what: string;
  readonly within?: MemberOptions['within'];
  /** Zeros are a finding too. */
  readonly zerosToo?: boolean;
}

/**
 * Bytes of a container that belong to nothing in it. Zeros are padding; anything else is a finding, scanned when it is of a
 * format that can carry code.
 */
export async function judgeStray(target: ScanTarget, context: ScanContext, stray: Stray): Promise<void> {
  const { start, end, name, rule, what, within, zerosToo = false } = stray;
  if (end <= start) return;
  if (await isBlank(target.source, start, end)) {
    context.cover(start, end, 'parsed');
    if (zerosToo)
      context.report({
        rule,
        subject: name,
        offset: start,
        message: `${what} (${end - start} zero bytes at ${start}).`,
      });
    return;
  }
  const slice = new SliceSource(target.source, start, end - start, `${target.source.name}!${name}`);
  const format = await activeFormat(slice, context);
  const kind = format === undefined ? '' : `; they look like ${format.title}`;
  context.report({ rule, subject: name, offset: start, message: `${what} (${end - start} bytes at ${start}${kind}).` });
  if (format === undefined)
    context.cover(start, end, 'opaque', 'belongs to no part of the container: no reader of the container reads it');
  else await context.member(slice, name, within === undefined ? { storedAt: start } : { storedAt: start, within });
}
