import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { call, checkpoint, dict, tensor } from '../../support/checkpoint.ts';
import { global, type Instruction, text } from '../../support/pickle-asm.ts';
import { EMPTY, FALSE, instance, linear, NONE, number, type Program, sequence, stateOf } from './modules.ts';
import { planModule } from './plan-module.ts';

const STORAGES = { 0: [1, 2, 3, 4], 1: [5, 6] };

async function planProgram(program: Program) {
  const bytes = checkpoint(program, STORAGES);
  return await planModule('model.pt', bytes);
}

test('the layer that the others are changes of is converted', async () => {
  const { plan } = await planProgram(sequence({ 0: linear(), 1: linear() }));
  expect(plan.inputs).toEqual([{ name: 'input', type: 'float32', shape: ['batch', 2] }]);
});

const FUNCTION: Program = [global('torch.nn.functional', 'relu')];
const HOOKS = dict({ 0: FUNCTION });
const relu = (attributes: Readonly<Record<string, Program>> = {}) =>
  instance('torch.nn.modules.activation', 'ReLU', stateOf({}, attributes));

describe('what runs beside the code of a class', () => {
  test.each<[string, Program, RegExp]>([
    ['a forward hook', linear({ _forward_hooks: HOOKS }), /hook \(forward_hooks: torch\.nn\.functional\.relu\)/],
    ['a hook before', linear({ _forward_pre_hooks: HOOKS }), /hook \(forward_pre_hooks/],
    ['a hook on the way back', linear({ _backward_hooks: HOOKS }), /hook \(backward_hooks/],
    ['hooks that are not a dict', linear({ _forward_hooks: FUNCTION }), /hook/],
    [
      'hooks with a state',
      linear({
        _forward_hooks: [
          global('collections', 'OrderedDict'),
          'EMPTY_TUPLE',
          'REDUCE',
          ...dict({ values: FUNCTION }),
          'BUILD',
        ],
      }),
      /hook/,
    ],
    [
      'a method of the instance',
      linear({ forward: FUNCTION }),
      /"forward" is torch\.nn\.functional\.relu, which could stand for a method/,
    ],
    [
      'a module that stands for a method',
      linear({ _call_impl: linear() }),
      /"_call_impl" is a call of torch\.nn\.modules\.linear\.Linear/,
    ],
    ['a computed attribute', linear({ x: call('builtins', 'getattr', 'x') }), /"x" is a call of builtins\.getattr/],
    ['a function that a layer does not read', sequence({ 0: linear() }, { activation: FUNCTION }), /"activation" is/],
    [
      'a weight beside the parameter',
      linear({ weight: tensor('0', [2, 2], [1, 2]) }),
      /two of its attributes have the name "weight"/,
    ],
    [
      'a buffer of the name of a parameter',
      instance(
        'torch.nn.modules.linear',
        'Linear',
        stateOf({ parameters: { weight: tensor('0', [2, 2], [2, 1]), bias: NONE }, buffers: { weight: NONE } }, {}),
      ),
      /two of its attributes/,
    ],
    [
      'a class of the user',
      instance('my.models', 'Net', stateOf({}, {})),
      /my\.models\.Net is not converted: it has code that is not in the file/,
    ],
    [
      'a class of the user within',
      sequence({ a: linear(), b: instance('__main__', 'Linear', stateOf({}, {})) }),
      /b \(__main__\.Linear\) is not converted: it has code/,
    ],
    [
      'a class of PyTorch that is not known',
      instance('torch.nn.modules.loss', 'L1Loss', stateOf({}, {})),
      /this class has no converter/,
    ],
    ['a quantised layer', instance('torch.nn.quantized.modules.linear', 'Linear', stateOf({}, {})), /quantised/],
    ['an object that is not a module', instance('torch.nn.modules.linear', 'Linear', EMPTY), /is not a module/],
    [
      'a class of the name of a property',
      instance('torch.nn.modules.linear', '__proto__', stateOf({}, {})),
      /has no converter/,
    ],
  ])('%s is refused', async (_, program, message) => {
    await expect(planProgram(program)).rejects.toThrow(message);
  });
});

describe('a state that changes while it loads', () => {
  test('after it was given to the module', async () => {
    const state = stateOf(
      { parameters: { weight: tensor('0', [2, 2], [2, 1]), bias: NONE } },
      { in_features: number(2) },
    );
    const made = [
      global('torch.nn.modules.linear', 'Linear'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      ...state,
      ['BINPUT', 7] as const,
      'BUILD',
    ];
    const changed = [...made, ['BINGET', 7] as const, text('in_features'), ...number(3), 'SETITEM', 'POP'];
    await expect(planProgram(changed)).rejects.toThrow('dict changes after a call or an object was given it');
  });
  test('twice', async () => {
    await expect(planProgram([...linear(), ...EMPTY, 'BUILD'])).rejects.toThrow('a state that is not one dict');
  });
  test('by a call that receives a tensor', async () => {
    const weight: Instruction[] = [...tensor('0', [2, 2], [2, 1]), ['BINPUT', 5]];
    const evil: Instruction[] = [global('torch', 'neg_'), ['BINGET', 5], 'TUPLE1', 'REDUCE', 'POP'];
    const program = [...linear({}, { weight }), ...evil];
    await expect(planProgram(program)).rejects.toThrow('a call of torch.neg_ receives a tensor');
  });
  test('by a call that receives the storage of a tensor', async () => {
    const evil: Instruction[] = [global('my', 'change'), ...tensor('0', [4], [1]), 'TUPLE1', 'REDUCE', 'POP'];
    await expect(planProgram([...linear(), ...evil])).rejects.toThrow('a call of my.change receives a tensor');
  });
  test('as an item of a list that a call was given', async () => {
    const list: Instruction[] = ['EMPTY_LIST', ['BINPUT', 6], ...number(0), 'APPEND'];
    const size: Instruction[] = [global('torch', 'Size'), ...list, 'TUPLE1', 'REDUCE'];
    const program = [...linear({ shape: size }), ['BINGET', 6] as const, ...number(1), 'APPEND', 'POP'];
    await expect(planProgram(program)).rejects.toThrow('list changes after a call or an object was given it');
  });
});

describe('shapes that lie', () => {
  const conv = (attributes: Readonly<Record<string, Program>>) =>
    instance(
      'torch.nn.modules.conv',
      'Conv1d',
      stateOf(
        { parameters: { weight: tensor('0', [2, 2, 1], [2, 1, 1]), bias: NONE } },
        {
          in_channels: number(2),
          stride: number(1),
          padding: number(0),
          dilation: number(1),
          groups: number(1),
          kernel_size: number(1),
          ...attributes,
        },
      ),
    );
  test.each<[string, Program, string]>([
    ['a weight of another width', linear({ in_features: number(3) }), 'malformed'],
    ['a bias of another width', linear({}, { bias: tensor('1', [1], [1]) }), 'malformed'],
    ['a weight beyond its storage', linear({}, { weight: tensor('0', [3, 2], [2, 1]) }), 'unsupported'],
    [
      'a missing weight',
      instance('torch.nn.modules.linear', 'Linear', stateOf({}, { in_features: number(2) })),
      'malformed',
    ],
    ['a width of 2^31', linear({ in_features: number(-(2 ** 31)) }), 'malformed'],
    ['a stride of 0', conv({ stride: number(0) }), 'malformed'],
    ['a negative padding', conv({ padding: number(-1) }), 'malformed'],
    ['no groups', conv({ groups: number(0) }), 'malformed'],
    ['three groups', conv({ groups: number(3) }), 'malformed'],
    ['a stride of two dimensions', conv({ stride: ['MARK', ...number(1), ...number(1), 'TUPLE'] }), 'malformed'],
    ['a dilation that is a text', conv({ dilation: [text('same')] }), 'malformed'],
    ['a padding that is not known', conv({ padding: [text('full')] }), 'unsupported'],
    ['layers that do not fit', sequence({ 0: linear(), 1: conv({}) }), 'malformed'],
    [
      'a sequence that holds itself',
      [
        ...instance('torch.nn.modules.container', 'Sequential', []).slice(0, 3),
        ['BINPUT', 4],
        ...stateOf({ modules: { 0: [['BINGET', 4]] } }, {}),
        'BUILD',
      ],
      'unsupported',
    ],
    ['no layers', sequence({}), 'unsupported'],
    ['a layer without an input', relu(), 'unsupported'],
    [
      'parameters that are not a dict',
      instance('torch.nn.modules.linear', 'Linear', dict({ _parameters: NONE, _buffers: EMPTY, _modules: EMPTY })),
      'malformed',
    ],
  ])('%s', async (_, program, code) => {
    await expect(planProgram(program)).rejects.toMatchObject({ code });
  });

  test('a module that is used again and again costs what it may, and no more', async () => {
    // Each of 40 levels uses the one below twice.
    const levels = Array.from({ length: 40 }, (_, i): Instruction[] => {
      const below: Instruction = ['BINGET', 100 + i];
      return [...sequence({ 0: [below], 1: [below] }), ['BINPUT', 101 + i], 'POP'];
    });
    const program = [...linear(), ['BINPUT', 100] as const, 'POP', ...levels.flat(), ['BINGET', 140] as const];
    await expect(planProgram(program)).rejects.toMatchObject({ code: 'limit' });
  });
});

describe('what a class computes with is read, not what its name says', () => {
  const behind = (name: string, attributes: Readonly<Record<string, Program>>) =>
    sequence({ 0: linear(), 1: instance('torch.nn.modules.activation', name, stateOf({}, attributes)) });
  const real = (value: number): Program => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return [['BINFLOAT', ...bytes]];
  };
  test('bounds of a ReLU6', async () => {
    const { plan } = await planProgram(behind('ReLU6', { min_val: real(0), max_val: real(100) }));
    const bounds = plan.model.graph.initializers.flatMap(({ dims, data }) =>
      dims.length === 0 && data.kind === 'raw'
        ? [Buffer.from(data.range.source.readNow(0, 4) ?? []).readFloatLE()]
        : [],
    );
    expect(bounds).toEqual([0, 100]);
  });
  test('the threshold of a Softplus', async () => {
    await expect(planProgram(behind('Softplus', { beta: real(1), threshold: real(1) }))).rejects.toThrow(
      'its threshold is 1',
    );
  });
  test('the padding that a convolution repeats', async () => {
    const state = {
      in_channels: number(2),
      stride: number(1),
      padding: number(1),
      dilation: number(1),
      groups: number(1),
      padding_mode: [text('reflect')],
      _reversed_padding_repeated_twice: ['MARK', ...number(0), ...number(0), 'TUPLE'],
    };
    const parameters = { weight: tensor('0', [2, 2, 1], [2, 1, 1]), bias: NONE };
    const program = instance('torch.nn.modules.conv', 'Conv1d', stateOf({ parameters }, state));
    await expect(planProgram(program)).rejects.toThrow('the padding that it computes with is not its padding');
  });
});

test('the flat weights of a recurrent layer have to be its parameters', async () => {
  const weights = (flat: Program) =>
    instance(
      'torch.nn.modules.rnn',
      'RNN',
      stateOf(
        {
          parameters: {
            weight_ih_l0: [...tensor('0', [2, 2], [2, 1]), ['BINPUT', 20]],
            weight_hh_l0: [...tensor('0', [2, 2], [1, 2]), ['BINPUT', 21]],
          },
        },
        {
          input_size: number(2),
          hidden_size: number(2),
          num_layers: number(1),
          bias: FALSE,
          bidirectional: FALSE,
          mode: [text('RNN_TANH')],
          _flat_weights: flat,
        },
      ),
    );
  const list = (...ids: number[]): Program => [
    'EMPTY_LIST',
    'MARK',
    ...ids.map((id): Instruction => ['BINGET', id]),
    'APPENDS',
  ];
  await expect(planProgram(weights(list(20, 21)))).resolves.toBeDefined();
  await expect(planProgram(weights(list(21, 20)))).rejects.toThrow(
    'the weights that it computes with are not its parameters',
  );
  await expect(planProgram(weights(list(20)))).rejects.toThrow('are not its parameters');
});

test.each(['digits-cnn', 'text-lstm', 'encoder', 'digits-cnn-legacy'])(
  '%s with changed bytes is converted or refused, and nothing else',
  async (name) => {
    const bytes = readFileSync(`fixtures/convert/torch-modules/2.6.0/${name}.pt`);
    let seed = 11;
    for (let round = 0; round < 80; round++) {
      const changed = Buffer.from(bytes);
      for (let i = 0; i < 3; i++) {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        changed[seed % Math.min(changed.length, 6_000)] = (seed >> 8) & 0xff;
      }
      const error: unknown = await planModule(`${name}.pt`, changed).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !(isAssayError(error) && error.code !== 'internal')) throw error;
    }
  },
);
