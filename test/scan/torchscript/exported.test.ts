import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { judgeExpression, judgeGuard } from '../../../src/scan/torchscript/judge/expressions.ts';
import { judgeTarget } from '../../../src/scan/torchscript/judge/targets.ts';
import { judgeTreeSpec } from '../../../src/scan/torchscript/judge/tree-spec.ts';
import { membersOf } from '../../oracles/torch-scripts.ts';
import { type Built, buildZip } from '../../support/containers.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';

const FOLDER = 'fixtures/convert/exported/2.6.0';
const PROGRAM = 'serialized_exported_program.json';
const real = (name: string) => membersOf(`../convert/exported/2.6.0/${name}`);
const scan = (members: readonly Built[]) => scanPickleBytes(buildZip(members), 'm.pt2');

/** A real program with a text changed. */
async function changed(from: string | RegExp, to: string) {
  const members = await real('exported-patches.pt2');
  let done = 0;
  const others = members.map((one) => {
    const data = Buffer.from(one.data).toString();
    if (!one.name.endsWith(PROGRAM) || data.replace(from, () => to) === data) return one;
    done++;
    return { ...one, data: data.replace(from, () => to) };
  });
  expect(done).toBe(1);
  return scan(others);
}

const target = (name: string) => changed(/"target": "torch\.ops\.aten[^"]*"/, `"target": ${JSON.stringify(name)}`);
const size = (text: string) => changed(/"expr_str": "[^"]*"/, `"expr_str": ${JSON.stringify(text)}`);

describe('an archive of torch.export', () => {
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.pt2')))('%s is clean', async (name) => {
    const { verdict, findings, checks } = await scan(await real(name));
    expect([verdict, findings, checks]).toEqual(['clean', [], []]);
  });

  it('with the members of PyTorch 2.9 is clean', async () => {
    const [program] = (await real('exported-mlp.pt2')).filter(({ name }) => name.endsWith(PROGRAM));
    const members = [
      { name: 'm/archive_format', data: 'pt2' },
      { name: 'm/byteorder', data: 'little' },
      { name: 'm/archive_version', data: '0' },
      { name: 'm/models/model.json', data: program?.data ?? '' },
      { name: 'm/data/weights/weight_0', data: Buffer.alloc(64) },
    ];
    expect((await scan(members)).verdict).toBe('clean');
    const other = members.map((one) =>
      one.name.endsWith('.json')
        ? {
            ...one,
            data: Buffer.from(one.data)
              .toString()
              .replace(/torch\.ops\.aten\.\w+/, 'torch.ops.mylib.run'),
          }
        : one,
    );
    expect((await scan(other)).verdict).toBe('suspicious');
  });

  it.each([
    'torch.os.system',
    'torch.hub.load',
    'torch.load',
    'torch.serialization.os.system',
    'torch.ops.aten.save.default',
    'torch.ops.aten.save',
    'torch.ops.aten.from_file.default',
    'torch.ops.torchvision.write_file.default',
    '_operator.__globals__',
    'math.__loader__.load_module',
    'torch._C.__builtins__.eval',
  ])('that calls %s is malicious', async (name) => {
    expect((await target(name)).verdict).toBe('malicious');
  });

  it.each([
    'torch.ops.mylib.run.default',
    'torch.ops.aten.relu.Evil',
    'torch.ops.aten.relu.default.__call__.x',
    'torch.ops.aten.relu',
    'torch.ops.higher_order.triton_kernel_wrapper_functional',
    'torch.ops.higher_order.call_torchbind',
    'torch.ops.c10d.broadcast_.default',
    '_operator.methodcaller.x',
    '_operator.call',
    'math.fsum.y',
    'torch.nn.functional.relu',
    '#my:extension',
    'a_string',
    'torch.sym_max.__class__',
  ])('that calls %s is not clean', async (name) => {
    expect(['suspicious', 'malicious']).toContain((await target(name)).verdict);
  });

  it.each([
    "__import__('os').system('id')",
    "Symbol('s0').__class__",
    'eval("1")',
    "exec('x')",
    "open('f')",
    'lambda: 1',
    's0; s1',
    's0.__class__',
    "Symbol('s0', positive=print(1))",
    "(s0).func('x')",
    'f"{s0}"',
    '\\x5f',
    'Integer(\'__import__("os")\')',
  ])('with the size %s is malicious', async (text) => {
    const { verdict, findings } = await size(text);
    expect([verdict, findings.map(({ ruleId }) => ruleId)]).toEqual(['malicious', ['pt2.code-in-expression']]);
  });

  it.each([
    '[c for c in ()]',
    '9**9**9',
    'Pow(Integer(9), Pow(Integer(9), Integer(9)))',
    '10**s0',
    '10**999',
    'os + 1',
    '1'.repeat(60),
  ])('with the size %s is suspicious', async (text) => {
    expect((await size(text)).verdict).toBe('suspicious');
  });

  it('with an operator as an argument is judged by it', async () => {
    const as = (name: string) => changed(/"as_int": \d+/, `"as_operator": ${JSON.stringify(name)}`);
    expect((await as('torch.os.system')).verdict).toBe('malicious');
    expect((await as('torch.ops.aten.add.Tensor')).verdict).toBe('clean');
  });

  it('with a tree that imports what makes its values is not clean', async () => {
    const tree = (module: string, name: string) =>
      JSON.stringify(
        JSON.stringify([
          1,
          {
            type: 'collections.defaultdict',
            context: { default_factory_module: module, default_factory_name: name, dict_context: [] },
            children_spec: [],
          },
        ]),
      );
    const spec = (module: string, name: string) =>
      changed(/"in_spec": "(?:[^"\\]|\\.)*"/, `"in_spec": ${tree(module, name)}`);
    expect((await spec('builtins', 'list')).verdict).toBe('clean');
    expect((await spec('os', 'system')).verdict).toBe('malicious');
    expect((await spec('my', 'thing')).verdict).toBe('suspicious');
  });

  it('with a key that is there twice is judged by both', async () => {
    const { verdict } = await changed('"nodes": [{', '"nodes": [{"target": "torch.os.system", ');
    expect(verdict).toBe('malicious');
  });

  it('with compiled code is suspicious, and names it', async () => {
    const members = [...(await real('exported-mlp.pt2')), { name: 'data/aotinductor/model/c.so', data: '\x7fELF...' }];
    const { verdict, findings } = await scan(members);
    expect([verdict, findings.map(({ ruleId }) => ruleId)]).toEqual([
      'suspicious',
      expect.arrayContaining(['pt2.native-code']),
    ]);
    expect(findings.some(({ message }) => message.includes('data/aotinductor/model/c.so'))).toBe(true);
  });

  it('whose program is not JSON in UTF-8 is unknown', async () => {
    const members = (await real('exported-mlp.pt2')).map((one) =>
      one.name.endsWith(PROGRAM) ? { ...one, data: Buffer.from(Buffer.from(one.data).toString(), 'utf16le') } : one,
    );
    expect((await scan(members)).verdict).toBe('unknown');
    const cut = (await real('exported-mlp.pt2')).map((one) =>
      one.name.endsWith(PROGRAM) ? { ...one, data: Buffer.from(one.data).subarray(0, 500) } : one,
    );
    expect((await scan(cut)).verdict).toBe('unknown');
  });
});

describe('texts that PyTorch evaluates', () => {
  it.each([
    's0',
    '2*s0 + 1',
    "Mul(Integer(2), Symbol('s0', positive=True, integer=True))",
    'Max(1, s0//2)',
    'Mod(s77, 8)',
    's0**2',
    'FloorDiv(u0, 2)',
    'Eq(s0, 4) & (s1 < 3)',
    'CeilToInt(IntTrueDiv(s0, 2))',
    'Pow(s0, Integer(2))',
    "Float('0.5', precision=53)",
  ])('that are sizes are plain: %s', (text) => {
    expect(judgeExpression(text)).toBe('plain');
  });

  it.each([
    "L['x'].size()[0] <= 8",
    "L['args'][0].size()[1] == 3",
    "math.isnan(L['p'])",
    "Mod(L['x'].size()[0], 4) == 0",
    "L['mode'] == 'train'",
  ])('that are guards are plain: %s', (text) => {
    expect(judgeGuard(text)).toBe('plain');
  });

  it.each([
    "L['x'].__class__",
    "L['x'].size()[0] == __import__('os')",
    'x"); import os #',
    "L['x'].to_here()",
    "torch.load('f')",
    "L['x'].system('id')",
  ])('that run something are not: %s', (text) => {
    expect(judgeGuard(text)).not.toBe('plain');
  });

  it('are never plain with an attribute, a dunder or a call of an unknown name', () => {
    const part = fc.constantFrom('s0', '+', '(', ')', '1', 'Max', ',', ' ', '*');
    fc.assert(
      fc.property(
        fc.array(part),
        fc.constantFrom('.a', '__x__', 'eval(', '"', ';', '{', '\n', ':', '@'),
        fc.array(part),
        (before, bad, after) => {
          expect(judgeExpression(before.join('') + bad + after.join(''))).not.toBe('plain');
        },
      ),
    );
  });

  it('of any kind are judged without an error', () => {
    const globals = createGlobalPolicy();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['plain', 'odd', 'code']).toContain(judgeExpression(text));
        expect(['allowed', 'refused', 'unlisted']).toContain(judgeTarget(text, globals).kind);
        expect(Array.isArray(judgeTreeSpec(text, globals))).toBe(true);
      }),
    );
  });
});
