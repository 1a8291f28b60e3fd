import { describe, expect, it } from 'vitest';
import { assemble, global, type Instruction, text } from '../../../support/pickle-asm.ts';
import { scanPickleBytes } from '../../../support/scan-pickle-bytes.ts';

const tuple = (...items: Instruction[]): Instruction[] => ['MARK', ...items, 'TUPLE'];
const number = (value: number): Instruction => ['BININT', ...new Uint8Array(Int32Array.of(value).buffer)];
const bytes = (content: string): Instruction => ['SHORT_BINBYTES', content.length, content];
const call = (module: string, name: string, ...args: Instruction[]): Instruction[] => [
  global(module, name),
  ...tuple(...args),
  'REDUCE',
];
const build = (...state: Instruction[]): Instruction[] => [...tuple(...state), 'BUILD'];

interface State {
  readonly subarray?: Instruction[];
  readonly fields?: Instruction[];
  readonly names?: Instruction[];
  readonly size?: number;
  readonly flags?: number;
}

function dtype(code: string, { subarray, fields, names, size = -1, flags = 0 }: State = {}): Instruction[] {
  const none: Instruction[] = ['NONE'];
  const numbers = [number(size), number(-1), number(flags)];
  const parts = [...(subarray ?? none), ...(names ?? none), ...(fields ?? none), ...numbers];
  return [...call('numpy', 'dtype', text(code), 'NEWFALSE', 'NEWTRUE'), ...build(number(3), text('<'), ...parts)];
}

const OBJECTS = dtype('O8', { flags: 63 });
const field = (name: string, type: Instruction[], offset: number): Instruction[] => [
  text(name),
  ...tuple(...type, number(offset)),
  'SETITEM',
];
const record = (size: number, flags: number, ...fields: Instruction[][]): Instruction[] =>
  dtype(`V${size}`, { size, flags, names: tuple(text('a'), text('b')), fields: ['EMPTY_DICT', ...fields.flat()] });

function array(type: Instruction[], shape: Instruction[], content: Instruction[]): Instruction[] {
  const empty = [global('numpy', 'ndarray'), ...tuple(number(0)), bytes('b')];
  const made = call('numpy.core.multiarray', '_reconstruct', ...empty);
  return [...made, ...build(number(1), ...tuple(...shape), ...type, 'NEWFALSE', ...content)];
}

const scalar = (type: Instruction[], content: Instruction): Instruction[] =>
  call('numpy._core.multiarray', 'scalar', ...type, content);

const EIGHT = 'AAAAAAAA';

async function judged(...program: Instruction[]) {
  const { verdict, findings } = await scanPickleBytes(assemble(['PROTO', 4], ...program, 'STOP'));
  return { verdict, rules: findings.map(({ ruleId }) => ruleId) };
}

describe('an object as NumPy writes it', () => {
  it.each([
    ['a scalar', scalar(dtype('f8'), bytes(EIGHT))],
    ['an array', array(dtype('f4'), [number(2)], [bytes(EIGHT)])],
    ['an array of objects', array(OBJECTS, [number(1)], ['EMPTY_LIST', 'NONE', 'APPEND'])],
    ['a record', scalar(record(8, 0, field('a', dtype('f4'), 0), field('b', dtype('f4'), 4)), bytes(EIGHT))],
    [
      'records of objects',
      array(
        record(16, 63, field('a', OBJECTS, 0), field('b', dtype('f8'), 8)),
        [number(1)],
        ['EMPTY_LIST', 'NONE', 'APPEND'],
      ),
    ],
    [
      'a subarray',
      scalar(dtype('V8', { size: 8, subarray: tuple(...dtype('f4'), ...tuple(number(2))) }), bytes(EIGHT)),
    ],
    [
      'a buffer',
      call('numpy.core.numeric', '_frombuffer', bytes(EIGHT), ...dtype('f8'), ...tuple(number(1)), text('C')),
    ],
  ] satisfies [string, Instruction[]][])('is clean: %s', async (_title, program) => {
    expect(await judged(...program)).toEqual({ verdict: 'clean', rules: [] });
  });
});

describe('bytes in place of objects', () => {
  it.each([
    ['a scalar of objects', scalar(OBJECTS, bytes(EIGHT))],
    ['a scalar of objects without a state', scalar(call('numpy', 'dtype', text('O8')), bytes(EIGHT))],
    ['a scalar of objects under another module', scalar(call('numpy', 'dtype', text('object')), bytes(EIGHT))],
    ['an array of objects', array(OBJECTS, [number(1)], [bytes(EIGHT)])],
    ['a type that hides its objects', array(dtype('O8', { flags: 0 }), [number(1)], [bytes(EIGHT)])],
    ['a type that reads bytes as objects', array(dtype('O8', { flags: 1 }), [number(1)], [bytes(EIGHT)])],
    ['a record that hides its objects', scalar(record(8, 0, field('a', OBJECTS, 0)), bytes(EIGHT))],
    [
      'a subarray of hidden objects',
      scalar(dtype('V8', { size: 8, subarray: tuple(...OBJECTS, ...tuple(number(1))) }), bytes(EIGHT)),
    ],
    [
      'numbers that overlap objects',
      array(record(8, 63, field('a', OBJECTS, 0), field('b', dtype('f8'), 0)), [number(1)], ['EMPTY_LIST']),
    ],
    ['a type made from a list', scalar(call('numpy', 'dtype', 'EMPTY_LIST'), bytes(EIGHT))],
    [
      'a buffer of objects',
      call('numpy.core.numeric', '_frombuffer', bytes(EIGHT), ...OBJECTS, ...tuple(number(1)), text('C')),
    ],
    [
      'a type that changes after an array was made of it',
      [
        ...call('numpy', 'dtype', text('V8'), 'NEWFALSE', 'NEWTRUE'),
        ['BINPUT', 1],
        ...array([['BINGET', 1]], [number(1)], [bytes(EIGHT)]),
        'POP',
        ...build(
          number(3),
          text('|'),
          'NONE',
          'NONE',
          'EMPTY_DICT',
          ...field('a', OBJECTS, 0),
          number(8),
          number(1),
          number(63),
        ),
      ],
    ],
  ] satisfies [string, Instruction[]][])('are malicious: %s', async (_title, program) => {
    const { verdict, rules } = await judged(...program);
    expect({ verdict, rules }).toMatchObject({ verdict: 'malicious' });
    expect(rules).toContain('pickle.bytes-as-objects');
  });
});

describe('a NumPy object', () => {
  it.each([
    ['too few bytes for a scalar', 'suspicious', scalar(dtype('f8'), bytes('A'))],
    ['too few bytes for an array', 'suspicious', array(dtype('f8'), [number(2)], [bytes(EIGHT)])],
    ['too many bytes for an array', 'suspicious', array(dtype('f4'), [number(1)], [bytes(EIGHT)])],
    ['a negative size', 'suspicious', array(dtype('f4'), [number(-2)], [bytes(EIGHT)])],
    ['a list for the data', 'suspicious', array(dtype('f4'), [number(2)], ['EMPTY_LIST'])],
    [
      'a size that overflows',
      'malicious',
      array(dtype('f8'), Array<Instruction>(3).fill(number(2 ** 30)), [bytes(EIGHT)]),
    ],
    ['a field beyond its element', 'malicious', scalar(record(8, 0, field('a', dtype('f8'), 4)), bytes(EIGHT))],
    ['a field before its element', 'malicious', scalar(record(8, 0, field('a', dtype('f4'), -4)), bytes(EIGHT))],
    ['numbers that claim to be objects', 'malicious', scalar(dtype('f8', { flags: 63 }), bytes(EIGHT))],
    [
      'an initial array that is not empty',
      'suspicious',
      call('numpy.core.multiarray', '_reconstruct', global('numpy', 'ndarray'), ...tuple(number(9)), bytes('b')),
    ],
  ] satisfies [string, string, Instruction[]][])('with %s is %s', async (_title, verdict, program) => {
    expect((await judged(...program)).verdict).toBe(verdict);
  });
});
