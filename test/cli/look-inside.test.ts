import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { PROBES, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-inside-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('assay explain', () => {
  it('states what a rule looks for, the remedy, and further reading', async () => {
    const { code, stdout } = await runCli(['explain', 'pickle.global.dangerous']);
    expect(code).toBe(0);
    for (const word of ['critical', 'makes a file malicious', 'explanation', 'remedy', 'ML06:2023', 'cwe.mitre.org']) {
      expect(stdout).toContain(word);
    }
  });

  it('lists every rule', async () => {
    const { stdout } = await runCli(['explain']);
    for (const id of ['pickle.global.dangerous', 'pickle.global.unlisted', 'format.extension-lies'])
      expect(stdout).toContain(id);
  });
});

describe('assay inspect', () => {
  it.each([
    ['native-models/xgboost-3.2.0-gbtree.ubj', '2 trees · 4 features · objective reg:squarederror · saved by 3.2.0'],
    ['native-models/lightgbm-4.7.0-classes.txt', '6 trees · 4 features · objective multiclass num_class:3'],
    ['native-models/catboost-1.2.8-symmetric.json', '2 trees · 4 columns · loss RMSE'],
    ['rds/code-lm.rds', 'data:\nsaved by R 4.2.2 · 198 objects · language × 8'],
    ['rds/data-frame-little.rds', 'data alone'],
    [
      'format-probes/st-ok/m.safetensors',
      '\n1 tensor · F32 · 4 bytes\nmetadata:\n  format: pt\ntensors:\n  w · F32 [1] · 4 bytes\n',
    ],
    [
      'format-probes/gguf-ok/m.gguf',
      '\nGGUF version 3 · 2 keys · 0 tensors\nmetadata:\n  general.architecture: llama\n',
    ],
    [
      'format-probes/h5-ok/m.h5',
      '\n1 group · 0 datasets · 1 attribute\n2 objects · 0 registered names\nclasses:\n  Dense × 1\n',
    ],
    ['format-probes/h5-lambda/m.h5', '  Lambda × 1\n'],
    ['format-probes/keras-ok/m.keras', '\nconfig.json:\n2 objects · 0 registered names\nclasses:\n  Dense × 1\n'],
    ['format-probes/tf-frozen-pb/frozen_graph.pb', '\n5 operations · 0 functions\noperations:\n  MatMul × 1\n'],
    [
      'convert/tensorflow/1.15.5/keras/saved_model.pb',
      '\ntags serve · 322 operations · 34 functions\nsignatures:\n  serving_default: (conv2d_input) -> (dense)\n',
    ],
    ['tflite/cnn.tflite', '\n7 kinds of operators\noperators:\n  VAR_HANDLE\n'],
    ['graphs/executorch-custom.pte', 'operators:\n  aten::add.out\n  my_ops::mul3.out\n'],
    ['openvino/loop.xml', '\nversion 11 · 11 layers · 4 constants\nlayers:\n  opset1:Const × 4\n'],
    ['tables/plain.arrow', '\n4 columns · 2 batches\n'],
    ['behavior/data/tables/brotli.parquet', '\n12 columns · 5 rows · 1 row group\n'],
    ['behavior/data/tables/X.npy', '\ntype <f8 · shape [5, 2] · 80 bytes\n'],
    ['pmml/s2p-gbm.pmml', 'PMML 4.4 · 197 elements · MiningModel, TreeModel, RegressionModel'],
  ])('says what a model holds: %s', async (file, line) => {
    const { code, stdout } = await runCli(['inspect', join('fixtures', file)]);
    expect(code).toBe(0);
    expect(stdout).toContain(line);
  });

  it.each([
    ['format-probes/st-overlap/m.safetensors', /\nfaults:\n {2}tensor "b" shares bytes with the tensor before it/],
    ['format-probes/gguf-tensor-overflow/m.gguf', /\nthe rest was not read: /],
    ['format-probes/gguf-nkv-huge/m.gguf', /\nthe rest was not read: /],
    ['format-probes/h5-external-link/m.h5', /\nelsewhere:\n {2}\/\S+ · external link\n/],
  ])('shows what a broken file holds: %s', async (file, expected) => {
    const { code, stdout, stderr } = await runCli(['inspect', join('fixtures', file)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(expected);
  });

  it('lists every tensor with --all', async () => {
    const path = join(folder, 'many.safetensors');
    const names = Array.from({ length: 50 }, (_, i) => `layer.${i}\u001b[2J`);
    const header = Object.fromEntries(names.map((name) => [name, { dtype: 'F32', shape: [0], data_offsets: [0, 0] }]));
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(path, Buffer.concat([length, text]));
    const short = (await runCli(['inspect', path])).stdout;
    expect(short).toMatch(/\n {2}layer\.39\S* · F32 \[0\] · 0 bytes\n {2}and 10 more\n$/);
    expect(short).not.toContain('\u001b');
    expect((await runCli(['inspect', path, '--all'])).stdout).toMatch(/\n {2}layer\.49\S* · F32 \[0\] · 0 bytes\n$/);
  });

  it('shows the members of an archive and what its pickle does', async () => {
    const { code, stdout } = await runCli(['inspect', join(PROBES, 'ok-torch-sd/m.pt')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^m\.pt · PyTorch checkpoint \(zip\) · 1\.5 KiB · \w+\n {2}archive\/data\.pkl · Python pickle · 290 bytes · at byte 64/,
    );
    expect(stdout).toMatch(
      /REDUCE +# torch\._utils\._rebuild_tensor_v2\(persistent_load\(\("storage", torch\.FloatStorage/,
    );
  });

  it('shows values only of a file judged clean', async () => {
    const path = join(folder, 'clean.pkl');
    // {'lr': 0.5, 'layers': [1, 2]}
    writeFileSync(
      path,
      Buffer.from(
        '80027d71002858020000006c727101473fe00000000000005806000000 6c617965727371025d7103284b014b0265752e'.replace(
          / /g,
          '',
        ),
        'hex',
      ),
    );
    const { stdout } = await runCli(['inspect', path]);
    expect(stdout).toContain('values, as pickleparser reads them');
    expect(stdout).toMatch(/"lr": 0\.5\n/);
    expect(stdout).toMatch(/"layers": 2 items\n +1\n +2\n/);
    expect((await runCli(['inspect', join(PROBES, 'op-global-p2/a.pkl')])).stdout).not.toContain('pickleparser');
  });

  it('lists the operators of an ONNX model, and the files of its tensors', async () => {
    const { code, stdout } = await runCli(['inspect', 'fixtures/onnx/external.onnx']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^external\.onnx · ONNX model · /);
    expect(stdout).toMatch(/\nIR version \d+ · operator sets ai\.onnx \d+/);
    expect(stdout).toMatch(/\noperators:\n {2}ai\.onnx:\w+ × \d/);
    expect(stdout).toMatch(/\ntensors in other files:\n {2}external\.data · \d+ tensors? · /);
    expect((await runCli(['inspect', 'fixtures/onnx/functions.onnx'])).stdout).toMatch(/\nfunctions:\n {2}\S+:\w+\n/);
  });

  it('escapes control characters', async () => {
    const path = join(folder, 'ansi.pkl');
    writeFileSync(path, 'c\u001b[2J\u009b\nx\ny\u202e\n(V\u001b[31m\ntR.');
    const { stdout } = await runCli(['inspect', path]);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

describe('assay inspect of a probe', () => {
  const probes = readdirSync(PROBES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^(truth\.json|README\.md|\.gitattributes|.*\.py)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('dos-'))
    .filter((_, index) => index % 6 === 0);

  it.each(probes)('escapes control characters of %s', async (path) => {
    const { code, stdout, stderr } = await runCli(['inspect', path]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

describe('assay repro', () => {
  async function reproOf(path: string, name: string): Promise<Buffer> {
    const output = join(folder, name);
    const { code, stderr } = await runCli(['repro', path, '-o', output]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return readFileSync(output);
  }

  it('keeps opcodes and names, and no strings, bytes or floats', async () => {
    const path = join(folder, 'secret.pkl');
    const floats = Buffer.from('47400921fb54442d18', 'hex');
    const secret = Buffer.from('X\u000b\u0000\u0000\u0000my password', 'latin1');
    const bytes = Buffer.from('C\u0007api-key', 'latin1');
    writeFileSync(
      path,
      Buffer.concat([
        Buffer.from('\u0080\u0004cacme\nTable\n', 'latin1'),
        secret,
        bytes,
        floats,
        Buffer.from('\u0087R.', 'latin1'),
      ]),
    );
    const repro = await reproOf(path, 'secret.repro');
    expect(repro.length).toBe(readFileSync(path).length);
    const text = repro.toString('latin1');
    expect(text).toContain('acme\nTable');
    expect(text).not.toMatch(/password|api-key/);
    expect(repro.includes(floats)).toBe(false);
  });

  it.each(['op-global-p2/a.pkl', 'op-build-setstate/a.pkl', 'ok-sklearn-joblib/m.joblib', 'name-dotted-module/a.pkl'])(
    'preserves the verdict of %s',
    async (probe) => {
      const path = join(PROBES, probe);
      const output = join(folder, `${probe.replace('/', '-')}.pkl`);
      writeFileSync(output, await reproOf(path, 'out.pkl'));
      const judge = async (target: string) => {
        const report = JSON.parse((await runCli(['scan', target, '--format', 'json'])).stdout);
        return { verdict: report.files[0].verdict, imports: report.files[0].imports };
      };
      expect(await judge(output)).toEqual(await judge(path));
    },
  );

  it('overwrites no file by default', async () => {
    const path = join(PROBES, 'op-global-p2/a.pkl');
    expect((await runCli(['repro', path], { cwd: folder })).stdout).toMatch(/^a\.pkl\.repro\.pkl: 25 bytes/);
    expect((await runCli(['repro', path], { cwd: folder })).stderr).toMatch(
      /^assay: a\.pkl\.repro\.pkl: exists; name another file/,
    );
  });
});

it('the library entry exports what the documentation names', async () => {
  const script =
    "import('assay').then((m) => console.log(typeof m.assess, typeof m.openArtifact, typeof m.decide, m.RULES.size > 10))";
  const cwd = new URL('../../', import.meta.url);
  const ended = await runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd });
  expect(ended).toEqual({ status: 0, stdout: 'function function function true\n', stderr: '' });
});

it('the package exports the schema', () => {
  const { resolve } = createRequire(import.meta.url);
  const parse = (path: string | URL): unknown => JSON.parse(readFileSync(path, 'utf8'));
  expect(parse(resolve('assay/schema/report-v1.json'))).toEqual(
    parse(new URL('../../src/report/schema/report-v1.json', import.meta.url)),
  );
});
