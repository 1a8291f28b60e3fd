import { describe, expect, test } from 'vitest';
import { onnxSourceOf } from '../../../src/convert/to-onnx/sources.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { call } from '../../support/checkpoint.ts';
import { global, type Instruction, text } from '../../support/pickle-asm.ts';
import { forward, object, type ScriptParts, scriptArchive, weight } from './archive.ts';
import { planScript } from './plan-script.ts';

async function plan(parts: ScriptParts, inputShape?: readonly number[]) {
  return await planScript('model.pt', scriptArchive(parts), { inputShape });
}

async function refusal(parts: ScriptParts, inputShape: readonly number[] = [2]): Promise<string> {
  try {
    await plan(parts, inputShape);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'converted';
}

const LINEAR = 'return torch.linear(x, self.weight)';

test('the model that the others are changes of is converted', async () => {
  const bytes = scriptArchive(forward(LINEAR));
  const source = await onnxSourceOf({ path: 'model.pt', source: new MemorySource(bytes, 'model.pt') });
  expect(source?.id).toBe('torchscript');
  const { plan: planned } = await plan(forward(LINEAR));
  expect(planned.inputs).toEqual([{ name: 'input', type: 'float32', shape: ['batch', 2] }]);
  expect(planned.source).toEqual({ class: 'M', library: 'torch', version: undefined });
});

describe('what depends on data, or is not converted, is named with its line', () => {
  test.each<[string, string, RegExp]>([
    ['a condition', 'if bool(torch.sum(x)):\n  return x\nelse:\n  return x', /code\/__torch__\.py, line 7: aten::Bool/],
    ['a condition of a tensor', 'if torch.gt(x, 0):\n  return x\nelse:\n  return x', /condition depends on the data/],
    ['a condition of the batch', 'if torch.gt(torch.size(x, 0), 1):\n  return x\nelse:\n  return x', /compares a size/],
    [
      'a loop',
      'for i in range(int(torch.sum(x))):\n  x = torch.relu(x)\nreturn x',
      /line 7: aten::Int is not converted: it takes/,
    ],
    ['a loop over the batch', 'for i in range(torch.size(x, 0)):\n  x = torch.relu(x)\nreturn x', /rounds of a loop/],
    ['a huge loop', 'for i in range(9223372036854775807):\n  x = torch.relu(x)\nreturn x', /more than 100000 rounds/],
    ['an unknown operator', 'return torch.fft_fft(x)', /line 7: the operator aten::fft_fft is not converted/],
    [
      'another form of an operator',
      'return torch.relu(x, x)',
      /aten::relu is not converted with these arguments: a tensor, a tensor/,
    ],
    [
      'an operator of another library',
      'return ops.torchvision.nms(x, x, 0.5)',
      /torchvision::nms is not converted: it is not one of PyTorch/,
    ],
    ['a class of an operator', 'return torch.classes.a.B(x)', /torch\.classes|not one of PyTorch/],
    ['a file', 'return torch.from_file("a")', /aten::from_file is not converted/],
    [
      'an exception',
      'ops.prim.RaiseException("no", "builtins.ValueError")\nreturn x',
      /raises an error for this input: no/,
    ],
    ['a context', 'with torch.no_grad():\n  pass\nreturn x', /enters a context/],
    ['a task', 'return wait(fork(x))', /wait is not converted/],
    ['an attribute that is set', 'self.size = 3\nreturn x', /changes the attribute size/],
    ['a weight that is changed', 'y = torch.add_(self.weight, 1)\nreturn x', /add_ changes the tensor "weight"/],
    [
      'a view of a weight that is changed',
      'y = torch.relu_(torch.view(self.weight, [4]))\nreturn x',
      /changes the tensor "weight"/,
    ],
    [
      'a tensor that a view changed',
      'y = torch.relu(x)\nz = torch.add_(torch.view(y, [-1]), 1)\nreturn y',
      /memory was changed in place/,
    ],
    ['a result of the name of an input', 'return {"input": x}', /an input and an output are both named "input"/],
    ['a result with a long name', `return {"${'a'.repeat(300)}": x}`, /cannot be the name of a result/],
    ['two results of one name', 'return {"a_b": x, "a": {"b": x}}', /cannot be the name of a result/],
    ['a result without a name', 'return {"": x}', /converted/],
    [
      'a list of the model that grows',
      'y = torch.append(self.sizes, 1)\nreturn x',
      /append\.t is not converted: it changes the attribute "sizes"/,
    ],
    ['a copy that is changed', 'y = torch.relu(x)\nz = torch.add_(torch.clone(y), 1)\nreturn y', /^converted/],
    [
      'a rounded copy that is changed',
      'y = torch.arange(3)\nz = torch.add_(torch.floor(y), 1)\nreturn torch.add(x, y)',
      /^converted|do not fit/,
    ],
    ['training', 'return torch.dropout(x, 0.5, True)', /drops values, as in training/],
    ['randomness', 'return torch.rand_like(x)', /aten::rand_like is not converted/],
    ['a function within', 'def f(y):\n  return y\nreturn x', /a function within a function/],
    ['an int as a result', 'return 1', /it returns an integer/],
    ['no result', 'pass', /it returns no tensor/],
    ['a module as a result', 'return self', /it returns a module/],
    [
      'a variable without a value',
      'y = uninitialized(Tensor)\nreturn torch.relu(y)',
      /these arguments: a variable without a value/,
    ],
    ['a division by 0', 'return torch.add(x, torch.floordiv(1, 0))', /its result/],
    [
      'a number of more than 53 bits',
      'return torch.add(x, torch.mul(9007199254740991, 9007199254740991))',
      /more than 53 bits/,
    ],
    ['the largest number as a size', 'return torch.view(x, [9223372036854775807])', /its size is 9223372036854776000/],
    ['a negative size', 'return torch.zeros([-5])', /negative size/],
    ['an axis that is not there', 'return torch.sum(x, [7])', /the dimension 7 of a tensor of 2/],
    ['elements that do not fit', 'return torch.view(self.weight, [3, 3])', /makes the shape \[3, 3\] of \[2, 2\]/],
    ['several rests', 'return torch.view(x, [-1, -1])', /makes the shape/],
    ['huge padding', 'return torch.constant_pad_nd(x, [-9, 1], 0)', /padding/],
    ['shapes that do not fit', 'return torch.matmul(x, torch.zeros([3, 3]))', /do not fit/],
  ])('%s', async (_, body, message) => {
    expect(await refusal(forward(body))).toMatch(message);
  });
});

describe('names and code that are not there', () => {
  test.each<[string, string, RegExp]>([
    ['a variable', 'return y', /nothing is named y/],
    ['a prototype', 'return torch.relu(self.__proto__)', /M has no __proto__/],
    ['a constructor', 'return torch.relu(getattr(self, "constructor"))', /M has no constructor/],
    ['an operator of a prototype', 'return torch.constructor(x)', /aten::constructor is not converted/],
    ['a prototype as an operator', 'return torch.__proto__(x)', /aten::__proto__ is not converted/],
    ['a named argument', 'return torch.relu(x, __proto__=x)', /not converted with these arguments/],
    ['a constant', 'return CONSTANTS.c7', /there is no constant c7/],
    ['a constant of a prototype', 'return CONSTANTS.__proto__', /there is no constant __proto__/],
    ['a function', 'return __torch__.other.f(x)', /__torch__\.other\.f is not in the archive/],
    ['a method', 'return (self).backward(x)', /M has no backward/],
    ['too many variables', 'a, b, c = torch.chunk(x, 2, 1)\nreturn a', /does not become 3 variables/],
    ['too many arguments', 'return (self).forward(x, x, x)', /other parameters than it has/],
    ['too few arguments', 'return (self).forward()', /without its parameter x/],
    ['an argument that is given twice', 'return torch.relu(self=x, self=x)', /given twice/],
  ])('%s', async (_, body, message) => {
    expect(await refusal(forward(body))).toMatch(message);
  });

  test('a class whose file is missing', async () => {
    const parts = forward(LINEAR);
    expect(await refusal({ ...parts, code: { 'other.py': '' } })).toMatch(
      /malformed: the code of the class M is not in/,
    );
  });

  test('a file that does not define the class', async () => {
    const code = { '__torch__.py': 'class N(Module):\n  pass\n' };
    expect(await refusal({ ...forward(LINEAR), code })).toMatch(/the code of the class M is not in/);
  });

  test('two files of one name', async () => {
    const parts = forward(LINEAR);
    const twice = { name: 'm/code/__torch__.py', data: Buffer.from('class M(Module):\n  pass\n') };
    expect(await refusal({ ...parts, more: [twice] })).toMatch(/two members of the name/);
  });

  test('a file that is not UTF-8', async () => {
    const parts = forward(LINEAR);
    const other = { name: 'm/code/a.py', data: Buffer.from([0xff, 0xfe]) };
    expect(await refusal({ ...parts, more: [other] })).toMatch(/is not UTF-8/);
  });
});

describe('code that does not end', () => {
  test.each<[string, string, string]>([
    ['a method that calls itself', 'return (self).forward(x)', ''],
    [
      'functions that call each other',
      'return __torch__.f(x)',
      'def f(x):\n  return __torch__.g(x)\ndef g(x):\n  return __torch__.f(x)\n',
    ],
    ['a loop', 'while True:\n  y = 1\nreturn x', ''],
    ['a loop that makes tensors', 'while True:\n  x = torch.relu(x)\nreturn x', ''],
    ['a list that grows', 'y = [1]\nwhile True:\n  y = torch.add(y, y)\nreturn x', ''],
    ['a text that grows', 'y = "a"\nwhile True:\n  y = torch.add(y, y)\nreturn x', ''],
    [
      'loops within loops',
      'for i in range(100000):\n  for j in range(100000):\n    for k in range(100000):\n      pass\nreturn x',
      '',
    ],
  ])('%s', async (_, body, more) => {
    expect(await refusal(forward(body, more))).toMatch(/^limit: |more than \d+ (?:items|characters)/);
  });
});

describe('pickles that do more than hold values', () => {
  const plain = forward(LINEAR);
  const withData = (data: readonly Instruction[]): ScriptParts => ({ ...plain, data });

  test.each<[string, readonly Instruction[], RegExp]>([
    ['a call', object('__torch__.M', { weight: call('os', 'system', 'id') }), /its pickle calls os\.system/],
    [
      'a call of PyTorch',
      object('__torch__.M', { weight: call('torch', 'load', 'x') }),
      /its pickle calls torch\.load/,
    ],
    ['no module', weight('0', [2, 2], [2, 1]), /is no module/],
    ['a class of Python', object('models.M'), /is no module|its pickle calls/],
    [
      'a state that is not a dict',
      [global('__torch__', 'M'), 'EMPTY_TUPLE', 'NEWOBJ', text('x'), 'BUILD'],
      /state is not one dict/,
    ],
    [
      'two states',
      [...object('__torch__.M', { weight: weight('0', [2, 2], [2, 1]) }), 'EMPTY_DICT', 'BUILD'],
      /state is not one dict/,
    ],
    ['a weight that leaves its storage', object('__torch__.M', { weight: weight('0', [200, 2], [2, 1]) }), /storage/],
    [
      'a weight of a storage that is missing',
      object('__torch__.M', { weight: weight('9', [2, 2], [2, 1]) }),
      /not in the file/,
    ],
  ])('%s', async (_, data, message) => {
    expect(await refusal(withData(data))).toMatch(message);
  });

  test.each(['__forward_pre_hooks__', '__forward_hooks__'])('a model with hooks (%s)', async (name) => {
    const parts = forward(LINEAR, '  def scale(self: __torch__.M, x: Tensor) -> Tensor:\n    return torch.mul(x, 2)\n');
    const [source = ''] = Object.values(parts.code);
    const hooked = source.replace('  weight : Tensor\n', `  weight : Tensor\n  ${name} = ["scale", ]\n`);
    expect(await refusal({ ...parts, code: { '__torch__.py': hooked } })).toMatch(/it has the hook "scale"/);
  });

  test('a state that code makes', async () => {
    const parts = forward(LINEAR, '  def __setstate__(self: __torch__.M, state: int) -> NoneType:\n    return None\n');
    expect(await refusal(parts)).toMatch(/__setstate__/);
  });

  test('an object that holds itself', async () => {
    const cyclic: Instruction[] = [
      global('__torch__', 'M'),
      'EMPTY_TUPLE',
      'NEWOBJ',
      ['BINPUT', 1],
      'EMPTY_DICT',
      text('weight'),
      ...weight('0', [2, 2], [2, 1]),
      'SETITEM',
      text('me'),
      ['BINGET', 1],
      'SETITEM',
      'BUILD',
    ];
    const body = 'y = self.me.me.me\nreturn torch.linear(x, y.weight)';
    const parts = forward(body);
    expect(await refusal({ ...parts, data: cyclic })).toBe('converted');
  });
});

describe('the shape of the input', () => {
  test('is that of the first layer', async () => {
    const { plan: planned } = await plan(forward(LINEAR));
    expect(planned.inputs[0]?.shape).toEqual(['batch', 2]);
  });

  test('has to be given where nothing tells it', async () => {
    await expect(plan(forward('return torch.relu(x)'))).rejects.toThrow(
      /the shape of its input input is not in the file/,
    );
  });

  test('is that of integers in front of an embedding', async () => {
    const { plan: planned } = await plan(forward('return torch.embedding(self.weight, torch.view(x, [-1]))'), [3]);
    expect(planned.inputs).toEqual([{ name: 'input', type: 'int64', shape: ['batch', 3] }]);
  });

  test('is the same for several inputs', async () => {
    const { plan: planned } = await plan(forward('return torch.add(x, y)', '', 'x: Tensor,\n    y: Tensor'), [3]);
    expect(planned.inputs.map(({ name }) => name)).toEqual(['x', 'y']);
  });

  test.each([
    ['a list', 'x: List[Tensor]'],
    ['a number', 'x: int'],
  ])('does not exist for %s', async (_, parameters) => {
    expect(await refusal(forward(LINEAR, '', parameters))).toMatch(/not a tensor/);
  });
});
