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
  'operand-not-text': {
    subject: 'imports by operands that are no strings',
    message: 'imports with operands that are not strings',
  },
  'name-too-long': same('a module or global name is longer than 4096 bytes'),
  'odd-items': same('a dict gets a key without a value'),
  'args-not-tuple': same('calls with arguments that are not a tuple, which only unpicklers in Python accept'),
  'not-a-buffer': {
    subject: 'asks a value of its own for a buffer',
    message: 'READONLY_BUFFER is applied to a value that is not a buffer',
  },
  'line-without-end': same('a text operand ends with the file'),
  'protocol-late': {
    subject: 'PROTO stands inside the stream',
    message: 'the instruction PROTO is not the first of the stream',
  },
};

export const STATE_OF_PLAIN_VALUE = {
  subject: 'BUILD on a value that takes no state',
  message: 'BUILD sets the state of a value that takes none',
};
export const TUPLES_HASHED_FOR_HOURS = {
  subject: 'a tuple stands in others so often that hashing it takes hours',
  message: 'tuples are nested in each other so often that hashing them takes hours',
};

export function itemsOfPlainValue(opcode: string): OddityText {
  return {
    subject: `${opcode} on a value that takes no items`,
    message: `${opcode} puts items into a value that takes none`,
  };
}

export function describeEnd(end: StreamEnd): OddityText {
  if (end.kind === 'stop') return same('complete');
  if (end.kind === 'limit')
    return { subject: `a limit was met (${end.limit})`, message: `the scan reached a limit (${end.limit})` };
  return ENDS[end.reason];
}

const ENDS: Readonly<Record<EndReason, OddityText>> = {
  truncated: same('the file ends before the stream does'),
  'invalid-opcode': {
    subject: 'an instruction that does not exist',
    message: 'an instruction has an unknown code',
  },
  operand: {
    subject: 'an import by operands that are no strings',
    message: 'an import has operands that are not strings',
  },
  'stack-underflow': {
    subject: 'an instruction takes more than is on the stack',
    message: 'an instruction takes more values than the stack holds',
  },
  'no-mark': {
    subject: 'an instruction needs a mark that is not there',
    message: 'an instruction needs a mark, and the stack has none',
  },
  'memo-miss': {
    subject: 'it fetches a memo entry that was never stored',
    message: 'an instruction reads a memo entry that was never stored',
  },
  protocol: {
    subject: 'a protocol that no Python has',
    message: 'no Python version has the stated protocol',
  },
  'bad-length': { subject: 'an impossible length', message: 'an operand has an impossible length' },
  'bad-literal': {
    subject: 'a line of text that no loader takes as an operand',
    message: 'no loader accepts a line of text that is an operand',
  },
  refused: { subject: 'no loader reads on', message: 'every loader stops here' },
  'odd-items': { subject: 'a key without a value', message: 'a dict gets a key without a value' },
};

function same(text: string): OddityText {
  return { subject: text, message: text };
}
