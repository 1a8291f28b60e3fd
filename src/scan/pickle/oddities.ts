import type { Oddity, StreamEnd } from '../../formats/pickle/index.ts';

/**
 * What is odd about a stream or its end. The subject is part of fingerprints, which waivers and stored reports name: it never
 * changes. The message is for people.
 */
export interface OddityText {
  readonly subject: string;
  readonly message: string;
}

type EndReason = (StreamEnd & { kind: 'error' })['reason'];

export const ODDITIES: Readonly<Record<Oddity, OddityText>> = {
  dup: same('duplicates stack values (DUP), which no pickler does and which makes small files grow'),
  'sparse-memo': same('uses memo indexes far beyond its entries'),
  'frame-straddled': same('an operand crosses the end of its frame: loaders disagree on what is executed'),
  'frame-nested': same('a frame starts inside another'),
  'frame-beyond-end': same('a frame is longer than the file'),
  'operand-not-text': same('imports by operands that are no strings'),
  'name-too-long': same('a module or global name is longer than 4096 bytes'),
  'odd-items': same('a dict gets a key without a value'),
  'args-not-tuple': same('calls with arguments that are not a tuple, which only unpicklers in Python accept'),
  'not-a-buffer': same('asks a value of its own for a buffer'),
  'line-without-end': same('a text operand ends with the file'),
  'protocol-late': same('PROTO stands inside the stream'),
};

export const STATE_OF_PLAIN_VALUE = same('BUILD on a value that takes no state');
export const TUPLES_HASHED_FOR_HOURS = same('a tuple stands in others so often that hashing it takes hours');

export function itemsOfPlainValue(opcode: string): OddityText {
  return same(`${opcode} on a value that takes no items`);
}

export function describeEnd(end: StreamEnd): OddityText {
  if (end.kind === 'stop') return same('complete');
  if (end.kind === 'limit') return same(`a limit was met (${end.limit})`);
  return ENDS[end.reason];
}

const ENDS: Readonly<Record<EndReason, OddityText>> = {
  truncated: same('the file ends before the stream does'),
  'invalid-opcode': same('an instruction that does not exist'),
  operand: same('an import by operands that are no strings'),
  'stack-underflow': same('an instruction takes more than is on the stack'),
  'no-mark': same('an instruction needs a mark that is not there'),
  'memo-miss': same('it fetches a memo entry that was never stored'),
  protocol: same('a protocol that no Python has'),
  'bad-length': same('an impossible length'),
  'bad-literal': same('a line of text that no loader takes as an operand'),
  refused: same('no loader reads on'),
  'odd-items': same('a key without a value'),
};

function same(text: string): OddityText {
  return { subject: text, message: text };
}
