import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EXPORTED_PROGRAM } from '../../../src/convert/exported/source.ts';
import { onnxSourceOf } from '../../../src/convert/to-onnx/sources.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { expectClose, runPlan } from '../compare.ts';
import { readNpz } from '../sklearn/npz.ts';
import { planScript } from '../torchscript/plan-script.ts';
import { laidOut28, laidOut215, members, withProgram, zipped } from './archive.ts';

async function plan(bytes: Uint8Array) {
  return await planScript('model.pt2', bytes, { source: EXPORTED_PROGRAM });
}

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await plan(bytes);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'converted';
}

describe('a program is the same in each layout', () => {
  test.each<[string, () => Promise<Uint8Array>]>([
    ['of PyTorch 2.6', async () => zipped(await members())],
    ['of PyTorch 2.8', laidOut28],
    ['of PyTorch 2.15', () => laidOut215()],
  ])('%s', async (_, make) => {
    const bytes = await make();
    const kind = await onnxSourceOf({ path: 'model.pt2', source: new MemorySource(bytes, 'model.pt2') });
    expect(kind?.id).toBe('exported-program');
    const { plan: planned, model } = await plan(bytes);
    expect(planned.source).toEqual({ class: 'ExportedProgram', library: 'torch', version: '2.6.0' });
    const arrays = readNpz(readFileSync('fixtures/convert/exported/2.6.0/exported-mlp.npz'));
    expectClose(await runPlan(model, planned, arrays), arrays, 'output', { absolute: 1e-5, relative: 1e-5 });
  });

  test('a file of PyTorch 2.15 is converted', async () => {
    const { plan: planned } = await plan(readFileSync('fixtures/benign/torch/2.15.0/exported.pt2'));
    expect(planned.inputs).toEqual([{ name: 'input', type: 'float32', shape: [1, 2] }]);
    expect(planned.source.version).toBe('2.15.0');
  });
});

describe('programs that contradict themselves, or do more', () => {
  const replaced = (from: string, to: string) => withProgram((program) => program.replaceAll(from, to));

  test.each<[string, () => Promise<Uint8Array>, RegExp]>([
    [
      'another operator',
      () => replaced('aten.linear.default', 'aten.fft_fft.default'),
      /aten::fft_fft is not converted/,
    ],
    [
      'an operator of another library',
      () => replaced('torch.ops.aten.linear', 'torch.ops.mine.linear'),
      /torch\.ops\.mine\.linear\.default: the operator is not converted: it is not one of PyTorch/,
    ],
    [
      'a function of Python',
      () => replaced('torch.ops.aten.linear.default', 'os.system'),
      /os\.system: the operator is not converted/,
    ],
    [
      'a branch',
      () => replaced('torch.ops.aten.linear.default', 'torch.ops.higher_order.cond'),
      /not one of PyTorch itself/,
    ],
    [
      'a prototype as an operator',
      () => replaced('aten.linear.default', 'aten.__proto__.default'),
      /aten::__proto__ is not converted/,
    ],
    [
      'a weight that is not there',
      () => replaced('"parameter_name": "0.weight"', '"parameter_name": "__proto__"'),
      /names "__proto__", which is not in the archive/,
    ],
    [
      'a value that nothing makes',
      () =>
        withProgram((program) =>
          program.replace('"arg": {"as_tensor": {"name": "p_0_weight"}}', '"arg": {"as_tensor": {"name": "ghost"}}'),
        ),
      /names "ghost", which nothing makes/,
    ],
    ['a value that is made twice', () => replaced('"relu"', '"linear"'), /a second time/],
    [
      'an argument that does not exist',
      () => replaced('"name": "bias"', '"name": "__proto__"'),
      /not converted with these arguments/,
    ],
    ['a shape that lies', () => replaced('{"as_int": 4}', '{"as_int": 7}'), /does not fit/],
    ['a negative shape', () => replaced('{"as_int": 4}', '{"as_int": -4}'), /is -4/],
    ['a shape of 2^63', () => replaced('{"as_int": 4}', '{"as_int": 9223372036854775808}'), /is 9223372036854776000/],
    ['a shape that is not a number', () => replaced('{"as_int": 4}', '{"as_int": "4"}'), /is not a whole number/],
    ['an argument of two kinds', () => replaced('{"as_int": 4}', '{"as_int": 4, "as_float": 1}'), /is not of one kind/],
    ['an input of another element type', () => replaced('"dtype": 7', '"dtype": 12'), /has the element type 12/],
    [
      'a buffer that changes',
      () => replaced('"user_output": {', '"buffer_mutation": {"buffer_name": "x", '),
      /changes something while it runs \(buffer_mutation\)/,
    ],
    [
      'another schema',
      () => replaced('"schema_version": {"major": 8', '"schema_version": {"major": 9'),
      /schema has the version 9/,
    ],
    ['no program', () => withProgram(() => '[]'), /is not an object/],
    [
      'a number that JSON does not have',
      () => replaced('{"as_int": 4}', '{"as_int": -Infinity}'),
      /is not a whole number/,
    ],
    ['no JSON', () => withProgram(() => '{'), /is not JSON/],
    ['JSON that is nested too deep', () => withProgram(() => '['.repeat(100_000)), /limit: /],
    ['nodes that are not a list', () => replaced('"nodes": [', '"nodes": {}, "others": ['), /is not a list/],
  ])('%s', async (_, make, message) => {
    expect(await refusal(await make())).toMatch(message);
  });

  test('expressions of sizes are not evaluated', async () => {
    const text = "Symbol('s0', positive=True, integer=True)";
    const bytes = await withProgram((program) => program.replaceAll(text, "__import__('os').system('id')"));
    const { plan: planned } = await plan(bytes);
    expect(planned.inputs[0]?.shape).toEqual(['input_0', 4]);
  });
});

describe('weights that lie', () => {
  test.each<[string, (config: string) => string, RegExp]>([
    ['a size', (config) => config.replace('"as_int":8', '"as_int":800'), /ends at byte \d+ of a storage/],
    [
      'a size of 2^63',
      (config) => config.replace('"as_int":8', '"as_int":9223372036854775808'),
      /is 9223372036854776000/,
    ],
    ['a negative stride', (config) => config.replace('"as_int":4', '"as_int":-4'), /is -4/],
    [
      'a negative offset',
      (config) => config.replaceAll('"storage_offset":{"as_int":0}', '"storage_offset":{"as_int":-1}'),
      /is -1/,
    ],
    ['another file', (config) => config.replace('"weight_0"', '"../../models/model.json"'), /not in the archive/],
    ['a pickle', (config) => config.replace('"use_pickle":false', '"use_pickle":true'), /is a pickle/],
    ['an element type', (config) => config.replace('"dtype":7', '"dtype":10'), /element type 10/],
  ])('%s', async (_, change, message) => {
    expect(await refusal(await laidOut215(change))).toMatch(message);
  });

  test('two programs in one archive', async () => {
    const parts = await members();
    const program = parts.get('serialized_exported_program.json') ?? Buffer.alloc(0);
    const names = ['m/archive_format', 'm/models/a.json', 'm/models/b.json'];
    const bytes = zipped(new Map(names.map((name) => [name, program])));
    expect(await refusal(bytes)).toMatch(/holds 2 programs/);
  });
});
