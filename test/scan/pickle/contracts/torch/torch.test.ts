import { describe, expect, it } from 'vitest';
import { assemble, global, type Instruction, text } from '../../../../support/pickle-asm.ts';
import { torchZip } from '../../../../support/torch-zip.ts';

const tuple = (...items: Instruction[]): Instruction[] => ['MARK', ...items, 'TUPLE'];
const number = (value: number): Instruction => ['BININT', ...new Uint8Array(Int32Array.of(value).buffer)];
const long = (value: bigint): Instruction => ['LONG1', 9, ...new Uint8Array(BigInt64Array.of(value).buffer), 0];
const call = (module: string, name: string, ...args: Instruction[]): Instruction[] => [
  global(module, name),
  ...tuple(...args),
  'REDUCE',
];

interface Id {
  readonly type?: Instruction[];
  readonly key?: string;
  readonly location?: string;
  readonly count?: Instruction;
}

/** The persistent id of storage 0, which has 48 bytes. */
function storage({ type, key = '0', location = 'cpu', count = number(12) }: Id = {}): Instruction[] {
  const of = type ?? [global('torch', 'FloatStorage')];
  return [...tuple(text('storage'), ...of, text(key), text(location), count), 'BINPERSID'];
}

const numbers = (...values: number[]): Instruction[] => tuple(...values.map(number));
const NO_HOOKS = [global('collections', 'OrderedDict'), 'EMPTY_TUPLE', 'REDUCE'] as const;

interface Tensor {
  readonly storage?: Instruction[];
  readonly offset?: Instruction;
  readonly size?: Instruction[];
  readonly stride?: Instruction[];
  readonly hooks?: readonly Instruction[];
  readonly more?: Instruction[];
}

function tensor(of: Tensor = {}): Instruction[] {
  const { offset = number(0), size = numbers(3, 4), stride = numbers(4, 1), hooks = NO_HOOKS, more = [] } = of;
  const from = of.storage ?? storage();
  return call('torch._utils', '_rebuild_tensor_v2', ...from, offset, ...size, ...stride, 'NEWFALSE', ...hooks, ...more);
}

async function verdictOf(...program: Instruction[]): Promise<string> {
  const { verdict } = await torchZip(assemble(['PROTO', 2], ...program, 'STOP'), { '0': 48 });
  return verdict;
}

describe('a tensor that torch can write', () => {
  it.each([
    ['a whole storage', tensor()],
    ['a transposed view', tensor({ size: numbers(4, 3), stride: numbers(1, 4) })],
    ['an expanded view', tensor({ size: numbers(5, 12), stride: numbers(0, 1) })],
    ['the last element', tensor({ offset: number(11), size: numbers(1), stride: numbers(1) })],
    ['no element at the end', tensor({ offset: number(12), size: numbers(0), stride: numbers(1) })],
    ['numbers as LONG1', tensor({ storage: storage({ count: long(12n) }), offset: long(0n) })],
    ['another device', tensor({ storage: storage({ location: 'cuda:3' }) })],
    ['no hooks', tensor({ hooks: ['NONE'] })],
    ['metadata', tensor({ more: ['EMPTY_DICT'] })],
  ] satisfies [string, Instruction[]][])('is clean: %s', async (_title, program) => {
    expect(await verdictOf(...program)).toBe('clean');
  });
});

const WIDE = 3_037_000_500n;

describe('a tensor that torch cannot write', () => {
  it.each([
    ['a view one element too long', 'suspicious', tensor({ size: numbers(13), stride: numbers(1) })],
    [
      'a view that begins beyond the storage',
      'suspicious',
      tensor({ offset: number(13), size: numbers(0), stride: numbers(1) }),
    ],
    ['a negative offset', 'suspicious', tensor({ offset: number(-1) })],
    ['a negative stride', 'suspicious', tensor({ stride: numbers(-4, 1) })],
    ['fewer strides than sizes', 'suspicious', tensor({ stride: numbers(1) })],
    [
      'sizes whose product overflows',
      'malicious',
      tensor({ size: tuple(long(WIDE), long(WIDE)), stride: numbers(0, 0) }),
    ],
    ['a stride that overflows', 'malicious', tensor({ size: numbers(3000), stride: tuple(long(2n ** 52n)) })],
    ['a number above 64 bits', 'malicious', tensor({ offset: long(2n ** 62n) })],
    ['more bytes than the record', 'malicious', tensor({ storage: storage({ count: number(13) }) })],
    [
      'fewer bytes than the record',
      'suspicious',
      tensor({ storage: storage({ count: number(11) }), size: numbers(1), stride: numbers(1) }),
    ],
    ['a missing record', 'suspicious', tensor({ storage: storage({ key: '1' }) })],
    ['an unknown device', 'suspicious', tensor({ storage: storage({ location: 'toaster:0' }) })],
    ['a class that is not a storage', 'malicious', tensor({ storage: storage({ type: [global('torch', 'device')] }) })],
    ['a storage made by another call', 'malicious', tensor({ storage: call('collections', 'OrderedDict') })],
    ['a global as hooks', 'malicious', tensor({ hooks: [global('collections', 'OrderedDict')] })],
    ['hooks returned by another call', 'malicious', tensor({ hooks: call('torch', 'device', text('cpu')) })],
    ['hooks with items', 'malicious', tensor({ hooks: [...NO_HOOKS, text('a'), number(1), 'SETITEM'] })],
    [
      'hooks that get items later',
      'malicious',
      [...NO_HOOKS, ['BINPUT', 9], ...tensor({ hooks: [['BINGET', 9]] }), 'POP', text('a'), number(1), 'SETITEM'],
    ],
    ['a global as a size', 'malicious', tensor({ size: [global('torch', 'float32')] })],
    [
      'a parameter of an object that is not a tensor',
      'suspicious',
      call('torch._utils', '_rebuild_parameter', ...NO_HOOKS, 'NEWTRUE', ...NO_HOOKS),
    ],
    [
      'a state that sets hooks',
      'malicious',
      call(
        'torch._utils',
        '_rebuild_parameter_with_state',
        ...tensor(),
        'NEWTRUE',
        ...NO_HOOKS,
        'EMPTY_DICT',
        text('_backward_hooks'),
        number(1),
        'SETITEM',
      ),
    ],
    [
      'another rebuild function',
      'malicious',
      call(
        'torch._tensor',
        '_rebuild_from_type_v2',
        global('collections', 'OrderedDict'),
        global('torch', 'Tensor'),
        'EMPTY_TUPLE',
        'NONE',
      ),
    ],
    ['an invalid layout', 'suspicious', call('torch.serialization', '_get_layout', text('torch.hub'))],
    [
      'an untyped tensor without a dtype',
      'malicious',
      call(
        'torch._utils',
        '_rebuild_tensor_v3',
        ...storage(),
        number(0),
        ...numbers(1),
        ...numbers(1),
        'NEWFALSE',
        ...NO_HOOKS,
        global('torch', 'device'),
      ),
    ],
  ] satisfies [string, string, Instruction[]][])('with %s is %s', async (_title, verdict, program) => {
    expect(await verdictOf(...program)).toBe(verdict);
  });

  it('is suspicious when it is sparse and its parts are inconsistent', async () => {
    const layout = call('torch.serialization', '_get_layout', text('torch.sparse_coo'));
    const parts = tuple(...tensor(), ...tensor(), ...numbers(3, 4));
    expect(await verdictOf(...call('torch._utils', '_rebuild_sparse_tensor', ...layout, ...parts))).toBe('suspicious');
  });

  it('is suspicious when the archive contains its storage twice', async () => {
    const pickle = assemble(['PROTO', 2], ...tensor(), 'STOP');
    expect(await torchZip(pickle, { '0': 48 }, ['0'])).toMatchObject({ verdict: 'suspicious' });
  });
});
