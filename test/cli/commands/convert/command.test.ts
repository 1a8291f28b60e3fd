import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ConversionSchema } from '../../../../src/core/conversion/index.ts';
import { check } from '../../../../src/core/schema/index.ts';
import { modelFile } from '../../../convert/keras/cases.ts';
import { call, twoTensors } from '../../../support/checkpoint.ts';
import { filesOf, sklearnCase } from '../../../support/sklearn-arrays.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const temp = tempFolder();
const KERAS = new URL('../../../../fixtures/keras/', import.meta.url);
const MODULE = new URL('../../../../fixtures/benign/torch/2.6.0/module.pt', import.meta.url).pathname;

it('converts a model, says what it did, and writes a report', async () => {
  const report = join(temp, 'report.json');
  const run = await runCli(['convert', MODULE, '--to', 'safetensors', '-o', join(temp, 'out'), '--report', report]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('module.pt · PyTorch checkpoint · clean');
  expect(run.stdout).toContain(`-> ${join(temp, 'out', 'module.safetensors')}`);
  expect(run.stdout).toContain('Nothing of the model ran.');
  expect(readdirSync(join(temp, 'out'))).toEqual(['module.safetensors']);
  expect(check(ConversionSchema, JSON.parse(readFileSync(report, 'utf8')))).not.toHaveProperty('invalid');
});

it('exits with 1 for a malicious model, writes nothing, and says how to salvage it', async () => {
  const evil = join(temp, 'evil.pt');
  writeFileSync(evil, twoTensors({ 'x\u001b[31m': call('os', 'system', 'x') }));
  const out = join(temp, 'evil-out');
  const refused = await runCli(['convert', evil, '--to', 'safetensors', '-o', out]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /^assay: evil\.pt: is not converted, because its verdict is malicious; --salvage .*\n$/,
  );
  expect(existsSync(out)).toBe(false);
  const salvaged = await runCli(['convert', evil, '--to', 'safetensors', '-o', out, '--salvage']);
  expect(salvaged).toMatchObject({ code: 0, stderr: '' });
  expect(salvaged.stdout).toContain('a call of os.system');
  expect(salvaged.stdout).toContain('its author chose their values');
  expect(salvaged.stdout).not.toContain('\u001b');
});

it('converts a model of Keras, and refuses one with code by its name', async () => {
  const model = join(temp, 'nested.keras');
  writeFileSync(model, modelFile('3.15.1/nested.keras'));
  const run = await runCli(['convert', model, '--to', 'onnx', '-o', join(temp, 'keras')]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('keras.Functional (keras 3.15.1)');
  expect(readdirSync(join(temp, 'keras'))).toEqual(['nested.onnx']);
  const probe = new URL('../../../../fixtures/format-probes/h5-lambda/m.h5', import.meta.url).pathname;
  const refused = await runCli(['convert', probe, '--to', 'onnx', '-o', join(temp, 'lambda')]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^assay: m\.h5: is not converted, because its verdict is malicious; .*\n$/);
  const custom = join(temp, 'custom.keras');
  writeFileSync(custom, gunzipSync(readFileSync(new URL('3.15.1/custom-layer.keras.gz', KERAS))));
  const named = await runCli(['convert', custom, '--to', 'onnx', '-o', join(temp, 'lambda'), '--accept-suspicious']);
  expect(named).toMatchObject({ code: 2, stdout: '' });
  expect(named.stderr).toMatch(/^assay: custom\.keras: .*Twice.* has code that is not in the file; .*\n$/);
  expect(existsSync(join(temp, 'lambda'))).toBe(false);
});

it.each([
  [
    'traced-cnn.onnx',
    'torchscript/2.6.0/traced-cnn.pt',
    ['--input-shape', '1,10,10'],
    /torch\.nn\.modules\.container\.Sequential \(torch\) · clean/,
  ],
  ['scripted-lstm.onnx', 'torchscript/2.6.0/scripted-lstm.pt', ['--input-shape', '5,3'], /Recurrent \(torch\) · clean/],
  ['exported-mlp.onnx', 'exported/2.6.0/exported-mlp.pt2', [], /ExportedProgram \(torch 2\.6\.0\) · clean/],
])('converts a program of PyTorch: %s', async (name, path, options, title) => {
  const model = new URL(`../../../../fixtures/convert/${path}`, import.meta.url).pathname;
  const out = join(temp, `program-${name}`);
  const run = await runCli(['convert', model, '--to', 'onnx', '-o', out, ...options]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(title);
  expect(readdirSync(out)).toEqual([name]);
});

it.each([
  ['a path that does not exist', ['nowhere.pt', '--to', 'safetensors', '-o', 'out'], /nowhere\.pt/],
  ['a format that it does not write', [MODULE, '--to', 'gguf', '-o', 'out'], /--to/],
  [
    'a shape that is not one',
    [MODULE, '--to', 'onnx', '-o', 'out', '--input-shape', '3,0'],
    /--input-shape 3,0: is not a shape; give/,
  ],
  [
    'a shape with a number that is not whole',
    [MODULE, '--to', 'onnx', '-o', 'out', '--input-shape', '1e3'],
    /--input-shape/,
  ],
  ['a missing output', [MODULE, '--to', 'safetensors'], /--output/],
  [
    'a report in a folder that does not exist',
    [MODULE, '--to', 'safetensors', '-o', 'out', '--report', 'no/r.json'],
    /--report/,
  ],
])('exits with 2 for %s, in one line', async (_, args, line) => {
  const run = await runCli(['convert', ...args], { cwd: temp });
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(line);
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect(existsSync(join(temp, 'out', 'out'))).toBe(false);
});

describe('--verify', () => {
  const one = sklearnCase('bayes/gaussian.pkl');
  const { inputs, outputs } = filesOf(one);
  writeFileSync(join(temp, 'X.npz'), inputs);
  writeFileSync(join(temp, 'Y.npz'), outputs);
  const run = (out: string, ...args: string[]) =>
    runCli(['convert', one.model, '--to', 'onnx', '-o', out, ...args], { cwd: temp });

  it('compares with what the source computes, and says so', async () => {
    const { code, stdout, stderr } = await run('given', '--verify', 'X.npz,Y.npz');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/verified against the outputs of the source: 24 rows, onnxruntime-node \d/);
    expect(stdout).toContain('label: 24 of 24 labels equal');
    expect(stdout).toMatch(/probabilities: \d+ values, differences up to \d\.\de-\d+/);
    expect(stdout).toContain('Nothing of the source ran.');
  });

  it.each([[['--verify']], [['--verify', 'auto']]])(
    'compares the model with itself for %j, and says what that shows',
    async (args) => {
      const { code, stdout } = await run(`auto-${args.length}`, ...args);
      expect(code).toBe(0);
      expect(stdout).toContain(
        'self-consistent: 64 drawn rows give the same in a second run, in runs of each row alone',
      );
      expect(stdout).toContain('this does not show that it computes what the source computes');
    },
  );

  it('exits with 1 when something differs, writes the report alone, and says what', async () => {
    const { label } = one.outputs;
    if (label === undefined) throw new Error('no labels');
    const values = label.values.map((value, i) => (i === 0 ? 1 - Number(value) : value));
    writeFileSync(
      join(temp, 'wrong.npz'),
      filesOf({ ...one, outputs: { ...one.outputs, label: { ...label, values } } }).outputs,
    );
    const { code, stdout, stderr } = await run('wrong', '--verify', 'X.npz,wrong.npz', '--report', 'wrong.json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^assay: gaussian\.onnx: the converted model does not compute .*: label: 1 of 24 labels differ; .*nothing was published\n$/,
    );
    expect(existsSync(join(temp, 'wrong'))).toBe(false);
    const report = JSON.parse(readFileSync(join(temp, 'wrong.json'), 'utf8'));
    expect(check(ConversionSchema, report)).not.toHaveProperty('invalid');
    expect(report).toMatchObject({ published: false, files: [{ verification: { pass: false } }] });
  });

  it.each([
    ['a file that does not exist', 'nowhere.npz', /nowhere\.npz/],
    ['three files', 'a,b,c', /--verify a,b,c: does not name one or two files/],
    ['a name that is empty', 'X.npz,', /--verify X\.npz,: /],
    ['outputs for inputs', 'Y.npz', /has no array for|an array|the model takes/],
  ])('exits with 2 for %s', async (_, value, line) => {
    const { code, stderr } = await run('bad', '--verify', value);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
    expect(existsSync(join(temp, 'bad'))).toBe(false);
  });
});

describe('--private-key', () => {
  const at = (name: string) => join(temp, name);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(at('converter.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(at('converter.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(at('stranger.pub'), stranger.publicKey.export({ type: 'spki', format: 'pem' }));
  const trust = (key: string) => `version: 1\nsigners:\n  - {name: converter, key: ${key}, may: [conversion]}\n`;
  writeFileSync(at('trust.yaml'), trust('converter.pub'));
  writeFileSync(at('other.yaml'), trust('stranger.pub'));
  const convert = (out: string, ...args: string[]) =>
    runCli(['convert', MODULE, '--to', 'safetensors', '-o', out, ...args], { cwd: temp });
  const attestation = (out: string, by: string) =>
    runCli(
      [
        'attestation',
        'verify',
        `${out}/conversion.intoto.json`,
        '--trust',
        by,
        '--type',
        'conversion',
        '--artifact',
        out,
      ],
      { cwd: temp },
    );

  it('signs what was converted, which attestation verify and scan check', async () => {
    const run = await convert('signed', '--private-key', 'converter.pem', '--verify', '--report', 'signed.json');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/attested: signed\/conversion\.intoto\.json, signed by key P-256, hint [0-9a-f]{64}/);
    expect(readdirSync(at('signed')).sort()).toEqual(['conversion.intoto.json', 'module.safetensors']);
    const report = JSON.parse(readFileSync(at('signed.json'), 'utf8'));
    expect(check(ConversionSchema, report)).not.toHaveProperty('invalid');
    expect(report.attestation.path).toBe('conversion.intoto.json');
    const verified = await attestation('signed', 'trust.yaml');
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain('VERIFIED conversion to safetensors');
    expect(verified.stdout).toMatch(/about +module\.safetensors sha256:/);
    expect(verified.stdout).toContain(report.source.digest);
    expect(verified.stdout).toMatch(/verified +module\.safetensors: tensor bytes/);
    for (const by of [
      ['--trust', 'trust.yaml'],
      ['--public-key', 'converter.pub'],
    ]) {
      const scan = await runCli(['scan', 'signed', '--format', 'json', ...by], { cwd: temp });
      const checks: { id: string; status: string }[] = JSON.parse(scan.stdout).checks;
      const own = checks.filter(({ id }) => id.startsWith('conversion.')).map(({ id, status }) => `${id} ${status}`);
      expect(own).toEqual(['conversion.attested pass', 'conversion.verified pass', 'conversion.source pass']);
    }
  });

  it('is asked for by a policy', async () => {
    const policy = new URL('../../../../policies/examples/conversion.yaml', import.meta.url).pathname;
    await convert('asked', '--private-key', 'converter.pem', '--verify');
    const scan = (by: string) => runCli(['scan', 'asked', '--policy', policy, '--trust', by], { cwd: temp });
    expect((await scan('trust.yaml')).code).toBe(0);
    const denied = await scan('other.yaml');
    expect(denied.code).toBe(1);
    expect(denied.stdout).toContain('conversion.attested');
  });

  it('is refused for another key, and for files that were changed', async () => {
    await convert('changed', '--private-key', 'converter.pem');
    const stranger = await attestation('changed', 'other.yaml');
    expect(stranger).toMatchObject({ code: 1 });
    expect(stranger.stdout).toContain('NOT VERIFIED');
    writeFileSync(at('changed/module.safetensors'), 'other');
    const changed = await attestation('changed', 'trust.yaml');
    expect(changed).toMatchObject({ code: 1 });
    expect(changed.stdout).toContain('module.safetensors: changed since the conversion');
  });

  it.each([
    ['a key that does not exist', ['--private-key', 'nowhere.pem'], /nowhere\.pem/],
    ['a passphrase without a key', ['--passphrase-file', 'x'], /no key, certificate or identity is given/],
    ['a token without keyless', ['--identity-token', 'x'], /no key, certificate or identity is given/],
    ['a certificate without its key', ['--certificate', 'x.pem'], /--certificate/],
  ])('exits with 2 for %s, and writes nothing', async (_, args, line) => {
    const { code, stderr } = await convert('none', ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
    expect(existsSync(at('none'))).toBe(false);
  });
});

it('converts a module of PyTorch to ONNX, for the shape that it is given', async () => {
  const run = await runCli(['convert', MODULE, '--to', 'onnx', '-o', join(temp, 'onnx'), '--input-shape', '1,8,8']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('module.pt · torch.nn.Sequential (torch) · clean');
  expect(readdirSync(join(temp, 'onnx'))).toEqual(['module.onnx']);
});

it('names what it writes beside a model of texts', async () => {
  const pipeline = new URL('../../../../fixtures/convert/sklearn/1.9.1/text/tfidf.joblib', import.meta.url).pathname;
  const run = await runCli(['convert', pipeline, '--to', 'onnx', '-o', join(temp, 'texts')]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain(`-> ${join(temp, 'texts', 'tfidf.vectoriser.json')}\n`);
  expect(readdirSync(join(temp, 'texts')).sort()).toEqual(['tfidf.onnx', 'tfidf.vectoriser.json']);
});

it('converts a folder of Hugging Face to one model, and verifies it', async () => {
  const folder = new URL('../../../../fixtures/convert/huggingface/4.57.6/BertModel', import.meta.url).pathname;
  const run = await runCli(['convert', folder, '--to', 'onnx', '-o', join(temp, 'bert'), '--verify']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('config.json and 1 more file · BertModel (transformers 4.57.6)');
  expect(run.stdout).toContain('self-consistent: 64 drawn rows give the same');
  expect(readdirSync(join(temp, 'bert'))).toEqual(['model.onnx']);
});

it('prints nothing when it is quiet', async () => {
  const run = await runCli(['convert', MODULE, '--to', 'safetensors', '-o', join(temp, 'quiet'), '-q']);
  expect(run).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});
