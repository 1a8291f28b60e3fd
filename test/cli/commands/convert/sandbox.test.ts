import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ConversionSchema } from '../../../../src/core/conversion/index.ts';
import { check } from '../../../../src/core/schema/index.ts';
import { canJail, findTorch } from '../../../oracles/jail.ts';
import { call, twoTensors } from '../../../support/checkpoint.ts';
import { requirePart } from '../../../support/parts.ts';
import { runProgram } from '../../../support/run-program.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const temp = tempFolder();
const at = (name: string) => join(temp, name);

const NET = `
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = torch.nn.Linear(4, 8), torch.nn.Linear(8, 3)
    def forward(self, x):
        return torch.softmax(self.last(torch.relu(self.first(x)) * 2 + 1), -1)
class Random(Net):
    def forward(self, x):
        return super().forward(x) + torch.rand(1)
class Forged(Net):
    def __setstate__(self, state):
        import os, struct
        frame = lambda kind, payload=b'': os.write(4, struct.pack('<BI', kind, len(payload)) + payload)
        frame(4, b'{"part": "model"}'), frame(3, b'forged'), frame(5)
class Loud(Net):
    def __setstate__(self, state):
        open('/tmp/reached', 'w').write('x')
        raise OSError('reached ' + open('/etc/hostname').read())
`;
const SAVE = `
import sys, torch
sys.path.insert(0, 'code')
import nets
torch.manual_seed(0)
for name in ('Net', 'Random', 'Forged', 'Loud'):
    torch.save(getattr(nets, name)(), name + '.pt')
`;

const torch = findTorch();

/** Models whose class is code in a folder. */
async function saved(program: string): Promise<void> {
  mkdirSync(at('code'));
  writeFileSync(at('code/nets.py'), NET);
  const { status, stderr } = await runProgram(program, ['-c', SAVE], { cwd: temp });
  if (status !== 0) throw new Error(stderr);
}

requirePart(
  'jail and PyTorch',
  canJail() && torch !== undefined,
  'apt-get install bubblewrap python3-torch',
  'convert --sandbox',
  () => {
    const python = torch?.program ?? '';
    const ready = saved(python);
    const convert = async (name: string, to: string, ...args: string[]) => {
      await ready;
      const own = ['--sandbox', '--python', python, '--accept-suspicious', '-o', `out-${name}-${to}`];
      return await runCli(['convert', `${name}.pt`, '--to', to, ...own, ...args], { cwd: temp });
    };

    it('converts a class of the user to ONNX, and compares it with what the model computed', async () => {
      const run = await convert('Net', 'onnx', '--code', 'code', '--input-shape', '4', '--report', 'net.json');
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toContain('converted in a sandbox by python 3');
      expect(run.stdout).toContain('verified against the outputs of the source: 16 rows');
      expect(run.stdout).toContain('the outputs are what its own code computed in the sandbox');
      expect(run.stdout).toContain('Code of the model ran in a sandbox, without network.');
      const report = JSON.parse(readFileSync(at('net.json'), 'utf8'));
      expect(check(ConversionSchema, report)).not.toHaveProperty('invalid');
      expect(report.sandbox.libraries.map((one: { name: string }) => one.name)).toEqual(['python', 'torch']);
      expect(report.files[0].verification).toMatchObject({ inputs: { from: 'sandbox' }, pass: true, rows: 16 });
    });

    it('writes the tensors of a class of the user', async () => {
      const run = await convert('Net', 'safetensors', '--code', 'code');
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toContain('Net.safetensors · 4 tensors');
    });

    it('publishes nothing where the model computes something else each time', async () => {
      const run = await convert('Random', 'onnx', '--code', 'code', '--input-shape', '4');
      expect(run.code).toBe(1);
      expect(existsSync(at('out-Random-onnx'))).toBe(false);
    });

    it('refuses a model that code of the model sends by itself, without what it computes', async () => {
      const run = await convert('Forged', 'onnx', '--code', 'code', '--input-shape', '4');
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain('the program in the sandbox ended without the inputs');
      expect(existsSync(at('out-Forged-onnx'))).toBe(false);
    });

    it('refuses two files that would become one', async () => {
      await ready;
      mkdirSync(at('two'));
      for (const name of ['a.pt', 'a.pth']) copyFileSync(at('Net.pt'), at(`two/${name}`));
      const args = ['--sandbox', '--python', python, '--accept-suspicious', '--code', 'code', '-o', 'one'];
      const run = await runCli(['convert', 'two', '--to', 'safetensors', ...args], { cwd: temp });
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain('a.pt and a.pth would both become a.safetensors');
      expect(existsSync(at('one'))).toBe(false);
    });

    it('shows code of the model nothing of the machine, and leaves nothing behind', async () => {
      const run = await convert('Loud', 'onnx', '--code', 'code', '--input-shape', '4');
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain("No such file or directory: '/etc/hostname'");
      expect(existsSync('/tmp/reached')).toBe(false);
      expect(existsSync(at('out-Loud-onnx'))).toBe(false);
    });

    it.each([
      ['code that is not given', ['--input-shape', '4'], /its code needs the module nets: give the folder .*--code/],
      ['an input without a shape', ['--code', 'code'], /give --input-shape/],
      ['a folder that would show too much', ['--code', '/'], /^assay: \/: would be readable by code of the model; /],
      ['an interpreter that does not exist', ['--python', 'nowhere'], /is not a Python interpreter; .*--python/],
      ['salvage', ['--salvage'], /--salvage/],
    ])('exits with 2 for %s, and writes nothing', async (_, args, line) => {
      const run = await convert('Net', 'onnx', '-o', 'none', ...args);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(line);
      expect(readdirSync(temp)).not.toContain('none');
    });

    it('never runs a malicious file', async () => {
      writeFileSync(at('evil.pt'), twoTensors({ x: call('os', 'system', 'x') }));
      const run = await convert('evil', 'safetensors');
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain('its verdict is malicious');
    });

    it('does not run a model with a class of its program, unless it is asked to', async () => {
      const custom = new URL('../../../../fixtures/keras/3.15.1/custom-layer.keras.gz', import.meta.url);
      writeFileSync(at('custom.keras'), gunzipSync(readFileSync(custom)));
      const args = ['convert', 'custom.keras', '--to', 'onnx', '--sandbox', '--python', python, '-o', 'none'];
      const run = await runCli(args, { cwd: temp });
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain('with --accept-suspicious, its code runs in the sandbox');
      const asked = await runCli([...args, '--accept-suspicious'], { cwd: temp });
      expect(asked.stderr).toContain('the environment has no keras, which loads the model');
    });

    it('says that a suspicious file would run', async () => {
      await ready;
      const run = await runCli(['convert', 'Net.pt', '--to', 'onnx', '--sandbox', '--python', python, '-o', 'none'], {
        cwd: temp,
      });
      expect(run.code).toBe(1);
      expect(run.stderr).toContain('with --accept-suspicious, its code runs in the sandbox');
    });
  },
);

describe('options of a sandbox', () => {
  it.each([
    [['--python', 'x'], /^assay: --python: is for models whose code runs in a sandbox; add --sandbox\n$/],
    [['--code', 'x'], /^assay: --code: is for models whose code runs in a sandbox; add --sandbox\n$/],
  ])('are refused without one: %j', async (args, line) => {
    const run = await runCli(['convert', 'x.pt', '--to', 'onnx', '-o', 'none', ...args], { cwd: temp });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(line);
  });

  it('names bubblewrap where it is not installed', async () => {
    writeFileSync(at('x.pt'), twoTensors({}));
    const run = await runCli(['convert', 'x.pt', '--to', 'safetensors', '-o', 'none', '--sandbox'], {
      cwd: temp,
      env: { PATH: '/nowhere' },
    });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('bwrap: bubblewrap, which holds the code of the model, is not installed; install it');
  });
});
