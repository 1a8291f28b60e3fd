import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../../../../support/temp.ts';
import { runCli } from '../../../run-cli.ts';

const FIXTURES = new URL('../../../../../fixtures/lineage/dvc', import.meta.url).pathname;
const SAFETENSORS = new URL('../../../../../fixtures/convert/distcp.safetensors', import.meta.url).pathname;
const folder = tempFolder();
const at = (name: string) => join(folder, name);
const run = (...args: readonly string[]) => runCli(['data', ...args], { cwd: folder });

beforeAll(() => {
  cpSync(FIXTURES, at('repo'), { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(at('ci.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(at('ci.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(at('trust.yaml'), 'version: 1\nsigners: [{name: ci, key: ci.pub, may: [training]}]\n');
  writeFileSync(at('scans.yaml'), 'version: 1\nsigners: [{name: ci, key: ci.pub, may: [scan]}]\n');
});

const MODEL = ['--model', 'repo/model.bin'];
const ATTESTED = ['--attestation', 'run.json', '--trust', 'trust.yaml'];

describe('assay data --provenance', () => {
  it('signs what a model was trained on, and finds it again', async () => {
    const signed = await run(
      '--provenance',
      'repo/data/train.csv',
      ...MODEL,
      '--manifest',
      'repo/dvc.lock',
      '--attest',
      'run.json',
      '--private-key',
      'ci.key',
    );
    expect(signed).toMatchObject({ code: 0, stderr: expect.stringContaining('Signed: the training run, by ') });
    expect(signed.stdout).toContain('NOT ASSESSED  data.provenance: no trusted signer attests a training run');
    const found = await run('--provenance', 'repo/data/train.csv', ...MODEL, ...ATTESTED);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toBe(`model.bin · 1 file of data · 0 documents

PASS  data.provenance: "ci" signed it: train had 3 files of data, 1 of them at hand

  verified  model.bin trained by train: "ci" signed it (run.json)
  verified  train trained on repo/data/train.csv: "ci" signed it (run.json)
  verified  train trained on images/a.png: "ci" signed it (run.json)
  verified  train trained on images/more/b.png: "ci" signed it (run.json)
  verified  train ran train.py: "ci" signed it (run.json)
  absent    repo/data/train.csv comes from nothing: nothing says where it came from
  absent    images/a.png comes from nothing: nothing says where it came from
  absent    images/more/b.png comes from nothing: nothing says where it came from
`);
  });

  it('answers a scan, and a policy that asks for it', async () => {
    const scan = (...args: readonly string[]) =>
      runCli(['scan', 'repo/model.bin', '--policy', 'production', '--format', 'json', ...args], { cwd: folder });
    const rules = async (...args: readonly string[]) => {
      const { decision, checks } = JSON.parse((await scan(...args)).stdout);
      const check = checks.find(({ id }: { id: string }) => id === 'data.provenance')?.status;
      return { check, asked: decision.violations.some(({ rule }: { rule: string }) => rule === 'data.provenance') };
    };
    expect(await rules()).toEqual({ check: undefined, asked: true });
    expect(await rules('--label', 'trained-elsewhere=yes')).toEqual({ check: undefined, asked: false });
    expect(await rules(...ATTESTED)).toEqual({ check: 'pass', asked: false });
    expect(await rules('--attestation', 'run.json', '--trust', 'scans.yaml')).toEqual({
      check: undefined,
      asked: true,
    });
  });

  it('verifies and shows the statement', async () => {
    const attestation = (...args: readonly string[]) => runCli(['attestation', ...args], { cwd: folder });
    const verified = await attestation(
      'verify',
      'run.json',
      '--trust',
      'trust.yaml',
      '--type',
      'training',
      '--artifact',
      'repo/model.bin',
    );
    expect(verified.code).toBe(0);
    expect(verified.stdout).toMatch(/data +data\/train\.csv sha256:/);
    expect((await attestation('verify', 'run.json', '--trust', 'trust.yaml', '--artifact', 'repo/train.py')).code).toBe(
      1,
    );
    expect((await attestation('inspect', 'run.json')).stdout).toContain('https://assay.dev/training/v1');
  });

  it('fails for other data of that name, and for a signer without the role', async () => {
    mkdirSync(at('other'), { recursive: true });
    writeFileSync(at('other/train.csv'), 'x\n');
    const other = await run('--provenance', 'other/train.csv', ...MODEL, ...ATTESTED, '--format', 'json');
    expect(other.code).toBe(1);
    const { checks, lineage } = JSON.parse(other.stdout);
    expect(checks).toMatchObject([{ id: 'data.provenance', status: 'fail' }]);
    expect(lineage.edges[0]).toMatchObject({ status: 'mismatched', documents: ['run.json'] });
    const role = await run(
      '--provenance',
      'repo/data/train.csv',
      ...MODEL,
      '--attestation',
      'run.json',
      '--trust',
      'scans.yaml',
    );
    expect(role).toMatchObject({ code: 1, stdout: expect.stringContaining('"ci" may not sign training runs') });
  });

  it('does not attest what a document contradicts, and writes nothing', async () => {
    cpSync(at('repo'), at('changed'), { recursive: true });
    writeFileSync(at('changed/data/train.csv'), 'x\n');
    const signing = ['--attest', 'not.json', '--private-key', 'ci.key'];
    const refused = await run(
      '--provenance',
      'changed/data/train.csv',
      '--model',
      'changed/model.bin',
      '--manifest',
      'changed/dvc.lock',
      ...signing,
    );
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('cannot be attested: changed/data/train.csv has md5:'),
    });
    expect(() => readFileSync(at('not.json'))).toThrow(/ENOENT/);
  });

  it.each<[readonly string[], RegExp]>([
    [['--attest', 'a.json', '--private-key', 'ci.key'], /--attest: needs the model that was trained/],
    [['--private-key', 'ci.key'], /assay data: nothing is signed; say where/],
    [[...MODEL, '--attest', 'a.json'], /no key, certificate or identity is given/],
    [['--attestation', 'run.json'], /--attestation: needs a trust file/],
    [['--manifest', 'gone.json'], /--manifest gone\.json: no such file/],
    [['--manifest', 'ci.pub'], /ci\.pub: /],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run('--provenance', 'repo/data/train.csv', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('asks a registry for base models, as far as they lead', async () => {
    const card = (base: string) => `---\nbase_model: ${base}\n---\n`;
    const file = readFileSync(SAFETENSORS);
    for (const [name, base] of [
      ['grand', undefined],
      ['base', 'acme/grand'],
    ] as const) {
      mkdirSync(at(name), { recursive: true });
      writeFileSync(at(`${name}/model.safetensors`), file);
      writeFileSync(at(`${name}/README.md`), base === undefined ? `# ${name}\n` : card(base));
      const kept = await runCli(
        [
          'approve',
          name,
          '--model',
          `acme/${name}`,
          '--stage',
          'staging',
          '--registry',
          'models.db',
          '--key',
          'ci.key',
          '--yes',
        ],
        { cwd: folder },
      );
      expect(kept).toMatchObject({ code: 0 });
    }
    writeFileSync(at('README.md'), card('acme/base'));
    const { code, stdout } = await run(
      '--provenance',
      'repo/data/train.csv',
      ...MODEL,
      '--manifest',
      'README.md',
      '--registry',
      'models.db',
    );
    expect(code).toBe(0);
    expect(stdout).toContain(
      'claimed  model.bin started from acme/base: acme/base is kept by the registry as version 1, at the stage staging',
    );
    expect(stdout).toMatch(/claimed {2}acme\/base started from \S*acme\/grand/);
  });

  it('takes folders, and names a file that is not there', async () => {
    expect((await run('--provenance', 'train=repo/images', ...MODEL)).stdout).toMatch(/^model\.bin · 2 files of data/);
    expect(await run('--provenance', 'gone')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/gone: no such file/),
    });
  });
});

describe('assay data, with lineage', () => {
  it('puts its check before those of the rows', async () => {
    const { stdout, code } = await run(
      'repo/data/train.csv',
      '--label',
      'label',
      ...MODEL,
      ...ATTESTED,
      '--format',
      'json',
    );
    expect(code).toBe(0);
    const { checks, lineage } = JSON.parse(stdout);
    expect(checks[0]).toMatchObject({ id: 'data.provenance', status: 'pass', weight: 'decides' });
    expect(checks.length).toBeGreaterThan(5);
    expect(lineage.edges[0]).toMatchObject({ status: 'verified', relation: 'trained by' });
  });
});
