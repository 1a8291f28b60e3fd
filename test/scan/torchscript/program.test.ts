import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/core/errors.ts';
import { readBytecode } from '../../../src/scan/torchscript/judge/bytecode.ts';
import { readUses } from '../../../src/scan/torchscript/judge/source.ts';
import { isComputingOperator, judgeTorchOperator } from '../../../src/scan/torchscript/operators.ts';
import { membersOf, scriptCases } from '../../oracles/torch-scripts.ts';
import { buildZip, fixture, memory } from '../../support/containers.ts';
import { fakeContext } from '../../support/scan-context.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';

const scan = async (bytes: Uint8Array, name: string) => scanPickleBytes(Buffer.from(bytes), name);
const bytesOf = async (name: string) => {
  const source = fixture(`torchscript/${name}`);
  return source.read(0, source.size);
};

describe('an archive of TorchScript', () => {
  it.each(readdirSync('fixtures/torchscript'))('%s is judged by what it calls', async (name) => {
    const { verdict, findings } = await scan(await bytesOf(name), name);
    expect([verdict, findings.map(({ ruleId }) => ruleId)]).toEqual(
      name.startsWith('ok-')
        ? ['clean', []]
        : ['malicious', expect.arrayContaining(['torchscript.dangerous-operator'])],
    );
  });

  it('that writes a file is malicious in every form', async () => {
    const cases = (await scriptCases()).filter(({ acts }) => acts);
    expect(cases.length).toBeGreaterThan(30);
    for (const { title, name, bytes } of cases)
      expect([title, (await scan(bytes, name)).verdict]).toEqual([title, 'malicious']);
  });

  it('names the operator, what it does, and its place', async () => {
    const { findings } = await scan(await bytesOf('acts-writes.ptl'), 'm.ptl');
    expect(findings.map(({ message }) => message)).toEqual([
      'The TorchScript source "archive/code/__torch__.py" uses torch.save in line 8, which writes any file.',
      'The bytecode "archive/bytecode.pkl" uses aten::save, which writes any file.',
    ]);
  });

  it('whose method is in another file is clean, and is suspicious without that file', async () => {
    const members = await membersOf('ok-quantized.pt');
    expect((await scan(buildZip(members), 'm.pt')).verdict).toBe('clean');
    const without = members.filter(({ name }) => !/linear\.py$/i.test(name));
    expect(without.length).toBeLessThan(members.length);
    expect((await scan(buildZip(without), 'm.pt')).verdict).toBe('clean');
    const calls = members.map((one) =>
      one.name.endsWith('.py') ? { ...one, data: one.data.toString().replace('.forward(', '.elsewhere(') } : one,
    );
    const { verdict, findings } = await scan(buildZip(calls), 'm.pt');
    expect([verdict, findings[0]?.message]).toEqual([
      'suspicious',
      expect.stringContaining('calls the method .elsewhere in line'),
    ]);
  });

  it('whose pickle names a class in C++ that is not listed is not clean', async () => {
    const members = await membersOf('ok-quantized.pt');
    const others = members.map((one) =>
      one.name.endsWith('data.pkl')
        ? {
            ...one,
            data: Buffer.from(
              Buffer.from(one.data).toString('latin1').replaceAll('LinearPackedParamsBase', 'LinearPackedParamsEvil'),
              'latin1',
            ),
          }
        : one,
    );
    expect((await scan(buildZip(others), 'm.pt')).verdict).toBe('suspicious');
  });

  it.each([
    ['another overload', 'aten::relu', 'Evil'],
    ['another operator', 'evil::relu', ''],
    ['one of Python', 'prim::PythonOp', ''],
  ])('with %s in its bytecode is not clean', async (_, operator, overload) => {
    const members = await membersOf('ok-lite.ptl');
    const text = (value: string) => {
      const head = Buffer.from([0x58, 0, 0, 0, 0]);
      head.writeUInt32LE(value.length, 1);
      return Buffer.concat([head, Buffer.from(value)]).toString('latin1');
    };
    const others = members.map((one) => {
      if (!one.name.endsWith('bytecode.pkl')) return one;
      const old = Buffer.from(one.data).toString('latin1');
      const at = old.indexOf(text('aten::relu'));
      expect(at).toBeGreaterThan(0);
      const behind = at + text('aten::relu').length;
      // The overload is the empty text, or a memo of one.
      const rest = old
        .slice(behind)
        .replace(/^(?:q.)?(?:X\0\0\0\0(?:q.)?|h.)/s, overload === '' ? '$&' : text(overload));
      return { ...one, data: Buffer.from(old.slice(0, at) + text(operator) + rest, 'latin1') };
    });
    expect(['suspicious', 'malicious']).toContain((await scan(buildZip(others), 'm.ptl')).verdict);
  });

  it('whose bytecode cannot be read is unknown', async () => {
    const members = await membersOf('ok-lite.ptl');
    const cut = members.map((one) =>
      one.name.endsWith('bytecode.pkl') ? { ...one, data: Buffer.from(one.data).subarray(0, 400) } : one,
    );
    const { verdict } = await scan(buildZip(cut), 'm.ptl');
    expect(verdict).toBe('unknown');
  });
});

describe('the list of operators', () => {
  it('has those that compute, with their overloads', () => {
    expect(judgeTorchOperator('aten', 'add', 'Tensor')).toEqual({ kind: 'allowed' });
    expect(judgeTorchOperator('aten', 'add')).toEqual({ kind: 'allowed' });
    expect(judgeTorchOperator('aten', 'add', 'Nothing')).toEqual({ kind: 'unlisted' });
    expect(judgeTorchOperator('aten', 'constructor')).toEqual({ kind: 'unlisted' });
    expect(judgeTorchOperator('torchvision', 'nms', '')).toEqual({ kind: 'allowed' });
    expect(isComputingOperator('torch.ops.aten.linear.default'.split('.'))).toBe(true);
    expect(isComputingOperator('torch.ops.aten.save.default'.split('.'))).toBe(false);
    expect(isComputingOperator('torch.ops.aten.linear.default.__class__'.split('.'))).toBe(false);
  });

  it.each([
    ['aten::save', true],
    ['aten::from_file', true],
    ['torchvision::write_file', true],
    ['torchvision::read_video_from_file', true],
    ['torchaudio::sox_io_load_audio_file', true],
    ['prim::PythonOp', true],
    ['prim::rpc_async', false],
    ['c10d::allreduce_', false],
  ])('refuses %s', (operator, malicious) => {
    const [namespace = '', name = ''] = operator.split('::');
    expect(judgeTorchOperator(namespace, name)).toMatchObject({ kind: 'refused', malicious });
  });
});

describe('the readers of code', () => {
  it('read any text without an error, and no further than its end', () => {
    const words = fc.constantFrom(
      'torch',
      '.',
      'ops',
      'save',
      '(',
      ')',
      '"',
      "'",
      '"""',
      'getattr',
      ',',
      '\n',
      ' ',
      'x',
      '\\',
      'def ',
      '#',
      ':',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((all) => all.join('')),
        ),
        (text) => {
          expect(readUses(text).end).toBeLessThanOrEqual(text.length);
        },
      ),
    );
  });

  it('see a call of an operator behind any tokens that end', () => {
    const whole = fc.constantFrom(
      'x = 1\n',
      'y = "a\\"b"\n',
      "z = '''\n'''\n",
      '# "\n',
      'f(x)[0]\n',
      'getattr(x, "a")\n',
      'w = """ " """\n',
      '1.5e-3\n',
    );
    fc.assert(
      fc.property(fc.array(whole), (all) => {
        const { uses } = readUses(`${all.join('')}torch.save(x, "f")\n`);
        expect(uses.map(({ what }) => what)).toContain('torch.save');
      }),
    );
  });

  it('read any bytes as bytecode, or say why not', async () => {
    const bytecode = (await membersOf('ok-lite.ptl')).find(({ name }) => name.endsWith('bytecode.pkl'));
    const whole = Buffer.from(bytecode?.data ?? '');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        try {
          await readBytecode(memory(changed), fakeContext());
        } catch (error) {
          expect(error).toBeInstanceOf(AssayError);
        }
      }),
      { numRuns: 60 },
    );
  });
});
