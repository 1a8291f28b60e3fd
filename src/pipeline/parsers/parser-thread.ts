/** The parser thread, one file after another: if a file crashes it, its supervisor continues. */
import { parentPort } from 'node:worker_threads';
import type { ByteSource } from '../../core/bytes/index.ts';
import { HashThreads } from '../../integrity/hash/index.ts';
import { BUILT_IN_LISTS, createGlobalPolicy, listsWith } from '../../scan/lists/index.ts';
import { FileClocks } from '../file-clocks.ts';
import { reportBytes } from '../file-progress.ts';
import type { OnTarget } from '../file-scan.ts';
import { AskedSource, Asker, answerFrom } from './asked-source.ts';
import { Board } from './board.ts';
import {
  type FromParser,
  fromWire,
  type ParseOrder,
  type ParseOutcome,
  type ParseSettings,
  type ToParser,
  toWire,
} from './messages.ts';
import { type ParserParts, parseFile, sourceOf } from './parse-file.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs as a thread');
const send = (message: FromParser): void => port.postMessage(message);

const asker = new Asker(send);
const threads = new HashThreads(1);
const stop = new AbortController();
/** Open targets by the call that shows them, each with the waiting caller. */
const shown = new Map<number, { readonly source: ByteSource; resolve(): void; reject(error: unknown): void }>();
let shows = 0;
let work: ParserParts | undefined;
let settings: ParseSettings | undefined;

port.on('message', async (message: ToParser) => {
  switch (message.kind) {
    case 'settings':
      work?.clocks.close();
      work = undefined;
      settings = message.settings;
      return;
    case 'parse':
      send({ kind: 'parsed', outcomes: JSON.stringify(await parseAll(message.slot, message.orders)) });
      return;
    case 'answer':
      asker.take(message);
      return;
    case 'ask': {
      const open = shown.get(message.of);
      if (open !== undefined) send(await answerFrom(open.source, message));
      return;
    }
    case 'seen':
      if (message.error === undefined) shown.get(message.call)?.resolve();
      else shown.get(message.call)?.reject(fromWire(message.error));
      shown.delete(message.call);
      return;
    case 'stop':
      stop.abort();
  }
});

async function parseAll(slot: number, orders: readonly ParseOrder[]): Promise<ParseOutcome[]> {
  if (settings === undefined) throw new Error('a parser got files before it got settings');
  const board = new Board(settings.board);
  work ??= partsOf(settings, board, slot);
  const outcomes: ParseOutcome[] = [];
  for (const [index, order] of orders.entries()) {
    board.at(slot, index);
    outcomes.push(await parseOne(order, index, work));
  }
  board.at(slot, undefined);
  return outcomes;
}

function partsOf(from: ParseSettings, board: Board, slot: number): ParserParts {
  const { rules, allowances, provided, limits } = from;
  const lists = rules === undefined ? BUILT_IN_LISTS : listsWith(rules.bundle, rules.digest);
  return {
    settings: from,
    globals: createGlobalPolicy({ lists, allowances, provided }),
    threads,
    clocks: new FileClocks(limits.maxFileMs, stop.signal),
    memory: board.memory(slot, from.share),
    stop: stop.signal,
    onTarget: from.shows ? show : undefined,
  };
}

async function parseOne(order: ParseOrder, index: number, parts: ParserParts): Promise<ParseOutcome> {
  const { bytes, path, size } = order;
  const source = bytes.kind === 'asked' ? new AskedSource(asker, index, bytes) : sourceOf(bytes);
  const tell = (read: { readonly bytes: number }) => send({ kind: 'progress', index, bytes: read.bytes });
  // The thread that reads for this one reports progress too.
  const tells = parts.settings.tells && bytes.kind !== 'asked';
  const progress = reportBytes(source, { path, size }, tells ? (event) => 'bytes' in event && tell(event) : undefined);
  try {
    return { kind: 'parsed', file: await parseFile(source, order, parts) };
  } catch (error) {
    return { kind: 'failed', error: toWire(error) };
  } finally {
    clearInterval(progress);
    await source.close();
  }
}

/** Shows each target to the caller, who can read from it until the call returns. */
const show: OnTarget = async (target, format, storedAt, findings) => {
  const call = shows++;
  const { source, file, member, depth, within, loaders, distance } = target;
  const { id, title, extensions } = target.format;
  await new Promise<void>((resolve, reject) => {
    shown.set(call, { source, resolve, reject });
    send({
      kind: 'show',
      call,
      target: {
        source: { name: source.name, size: source.size },
        format: { id, title, extensions },
        file,
        member,
        depth,
        within,
        loaders,
        distance,
      },
      format,
      storedAt,
      findings,
    });
  });
};
