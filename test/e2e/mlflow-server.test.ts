import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { decide } from '../../src/policy/index.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { PROBES, runCli } from '../cli/run-cli.ts';
import { errorOf, fileOf, textOf } from '../support/hub-harness.ts';
import { HOW_MLFLOW, hasMlflow, type MlflowResult, RealMlflow } from '../support/mlflow-server.ts';
import { requirePart } from '../support/parts.ts';
import { environment, HOW, hasSeaweed, S3Server } from '../support/s3-server.ts';

const BENIGN = new URL('../../fixtures/benign/sklearn/1.9.1/', import.meta.url).pathname;
const BIG = 12 * 1024 * 1024;

requirePart('MLflow server', hasMlflow, HOW_MLFLOW, 'a real MLflow server', () => {
  let server: RealMlflow;
  let folder: string;
  let results: (MlflowResult | null)[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-mlflow-models-'));
    makeModels(folder);
    server = await RealMlflow.start();
    const [good, bad, big] = ['good', 'bad', 'big'].map((name) => join(folder, name));
    if (good === undefined || bad === undefined || big === undefined) throw new Error('no folders');
    results = await server.run([
      { do: 'version', name: 'iris', folder: good, how: 'artifacts' },
      { do: 'version', name: 'iris', folder: bad, how: 'runs' },
      { do: 'version', name: 'iris', folder: good, how: 'logged-model' },
      { do: 'alias', name: 'iris', alias: 'champion', version: '1' },
      { do: 'version', name: 'a big model', folder: big, how: 'artifacts' },
      { do: 'version', name: 'iris', folder: good, how: 'artifacts' },
      { do: 'delete', name: 'iris', version: '4' },
      { do: 'source', name: 'elsewhere', source: 'gs://bucket/model' },
    ]);
  }, 240_000);
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (ref: string, env: NodeJS.ProcessEnv = {}) => openArtifact(ref, { env: { ...server.env, ...env } });
  const scan = (ref: string, env: NodeJS.ProcessEnv = {}) =>
    runCli(['scan', ref, '--format', 'json'], { env: { ...server.env, ...env } });

  test('serves a version with nested folders, unusual names and empty files', async () => {
    const artifact = await open('models:/iris/1');
    expect(artifact.files.map(({ path, size }) => [path, size])).toEqual([
      ['MLmodel', 63],
      ['code/deep/er/notes.txt', 5],
      ['code/empty.txt', 0],
      ['model.pkl', expect.any(Number)],
      ['naïve ☃ [1]+&=;.txt', 3],
    ]);
    expect(await textOf(artifact, 'naïve ☃ [1]+&=;.txt')).toBe('odd');
    expect(await textOf(artifact, 'code/empty.txt')).toBe('');
    expect(artifact.notes).toContain(`version 1 was logged by run ${results[0]?.run}`);
    await artifact.close();
  });

  test.each([
    ['models:/iris/1', 'files of a run, by their place'],
    ['models:/iris/3', 'a logged model of MLflow 3'],
    ['models:/iris@champion', 'an alias'],
  ])('serves %s, %s, which is allowed with computed digests', async (ref) => {
    const { code, stdout, stderr } = await scan(ref);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout);
    expect(report.files.every((file: { digestBasis: string }) => file.digestBasis === 'computed')).toBe(true);
    expect(report.artifact).toMatchObject({ ref, pinned: ref === 'models:/iris@champion' ? 'models:/iris/1' : ref });
    expect(report.decision.action).toBe('allow');
    expect(code).toBe(0);
  });

  test('serves a pickle that runs a command from the files of a run (runs:/), and it is found', async () => {
    const { code, stdout } = await scan('models:/iris/2');
    const report = JSON.parse(stdout);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ ruleId: 'pickle.global.dangerous', file: 'model.pkl', severity: 'critical' }),
    );
    expect(report.decision.action).toBe('deny');
    expect(code).toBe(1);
  });

  test('resolves a moved alias to its current version', async () => {
    const move = (version: string) => server.run([{ do: 'alias', name: 'iris', alias: 'canary', version }]);
    await move('3');
    const before = await open('models:/iris@canary');
    await move('2');
    const after = await open('models:/iris@canary');
    expect([before.pinned, after.pinned]).toEqual(['models:/iris/3', 'models:/iris/2']);
    expect(after.notes).toContain('the alias canary led to version 2');
    expect(fileOf(before, 'model.pkl').size).not.toBe(fileOf(after, 'model.pkl').size);
    expect((await scan('models:/iris@canary')).code).toBe(1);
    await Promise.all([before.close(), after.close()]);
  });

  test('serves a large file by the ranges that a verdict needs', async () => {
    const artifact = await open('models:/a%20big%20model/1');
    const file = fileOf(artifact, 'weights.safetensors');
    expect(file).toMatchObject({ size: BIG, distance: 'far' });
    const source = await file.open();
    expect(Buffer.from(await source.read(0, 8)).readBigUInt64LE()).toBe(100n);
    expect(Buffer.from(await source.read(BIG - 2, 2)).toString()).toBe('\0\0');
    expect(await source.unchanged()).toBe(true);
    expect('bytesRead' in source ? source.bytesRead : BIG).toBeLessThan(BIG / 10);
    const made = results[4];
    if (made === null || made === undefined) throw new Error('no big model');
    writeFileSync(join(server.filesOf(made), 'weights.safetensors'), Buffer.alloc(BIG, 1));
    expect(await errorOf(source.read(6 * 1024 * 1024, 8))).toMatchObject({ code: 'changed' });
    await source.close();
    await artifact.close();
  });

  test.each<[string, string, RegExp]>([
    ['models:/iris/9', 'not-found', /no version 9 of that model/],
    ['models:/iris/4', 'not-found', /no version 4 of that model/],
    ['models:/iris@nobody', 'not-found', /no model of that name with that alias/],
    ['models:/nothing/1', 'not-found', /no version 1 of that model/],
    ['models:/elsewhere/1', 'unsupported', /a store that is not supported \(gs:\)/],
  ])('gives for %s the error %s', async (ref, code, message) => {
    expect(await errorOf(open(ref))).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    [
      'without a login',
      { MLFLOW_TRACKING_USERNAME: '', MLFLOW_TRACKING_PASSWORD: '' },
      /requires a login \(401\); set MLFLOW_TRACKING_USERNAME/,
    ],
    [
      'with a wrong password',
      { MLFLOW_TRACKING_PASSWORD: 'wrong' },
      /does not accept the login \(401\); check MLFLOW_/,
    ],
    ['with a wrong user', { MLFLOW_TRACKING_USERNAME: 'nobody' }, /does not accept the login \(401\)/],
    ['with a wrong URL', { MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' }, /refused the connection/],
  ])('gives one line and exit code 2 on the command line %s', async (_, env, line) => {
    const { code, stdout, stderr } = await scan('models:/iris/1', env);
    expect(stderr).toMatch(line);
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).not.toContain('s3cret');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('makes a file that its store loses during the read unknown, and the model denied', async () => {
    const [made] = await server.run([{ do: 'version', name: 'lossy', folder: join(folder, 'good'), how: 'artifacts' }]);
    const artifact = await open('models:/lossy/1');
    if (made === null || made === undefined) throw new Error('no model');
    rmSync(join(server.filesOf(made), 'model.pkl'));
    const assessment = await assess(artifact);
    expect(assessment.files.find(({ path }) => path === 'model.pkl')).toMatchObject({
      verdict: 'unknown',
      reasons: [expect.stringMatching(/no file that it lists/)],
    });
    expect(decide(assessment).action).toBe('deny');
    await artifact.close();
  });

  requirePart('S3 server SeaweedFS', hasSeaweed, HOW, 'with files in S3', () => {
    let s3: S3Server;

    beforeAll(async () => {
      s3 = await S3Server.startSeaweed();
      await s3.makeBucket('models');
      await s3.put('models', '0/bad/model.pkl', readFileSync(join(PROBES, 'op-global-p2/a.pkl')));
      await s3.put('models', '0/bad/data/notes.txt', 'notes');
      await s3.put('models', '0/badly/other.txt', 'of another model');
      const sources = ['s3://models/0/bad', 's3://models/0/ba'];
      await server.run(sources.map((source) => ({ do: 'source', name: 'in s3', source })));
    });
    afterAll(async () => {
      await s3?.stop();
    });

    test("is read with the user's own keys, and only from its own folder", async () => {
      const { code, stdout, stderr } = await scan('models:/in%20s3/1', s3.env());
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toMatchObject({
        artifact: { ref: 'models:/in%20s3/1', pinned: 'models:/in%20s3/1' },
        notes: expect.arrayContaining(['its files are at s3://models/0/bad/']),
        files: [
          { path: 'data/notes.txt', verdict: 'clean' },
          { path: 'model.pkl', verdict: 'malicious' },
        ],
      });
      expect(code).toBe(1);
      expect(await errorOf(open('models:/in%20s3/2', s3.env()))).toMatchObject({ code: 'not-found' });
    });

    test('is refused without keys', async () => {
      const { code, stderr } = await scan('models:/in%20s3/1', environment(s3.endpoint, undefined));
      expect(stderr).toMatch(/^assay: s3:\/\/models\/0\/bad\/: /);
      expect(code).toBe(2);
    });
  });
});

/** A real scikit-learn model, one that runs a command, and a large one, each with MLflow's own files beside it. */
function makeModels(folder: string): void {
  const mlmodel = 'flavors:\n  sklearn:\n    pickled_model: model.pkl\n    code: null';
  for (const name of ['good', 'bad', 'big']) {
    mkdirSync(join(folder, name, 'code/deep/er'), { recursive: true });
    writeFileSync(join(folder, name, 'MLmodel'), mlmodel);
    writeFileSync(join(folder, name, 'code/deep/er/notes.txt'), 'notes');
    writeFileSync(join(folder, name, 'code/empty.txt'), '');
    writeFileSync(join(folder, name, 'naïve ☃ [1]+&=;.txt'), 'odd');
  }
  cpSync(join(BENIGN, 'GradientBoostingRegressor.p4.pkl'), join(folder, 'good/model.pkl'));
  cpSync(join(PROBES, 'op-global-p2/a.pkl'), join(folder, 'bad/model.pkl'));
  const header = Buffer.from(`{"w":{"dtype":"U8","shape":[${BIG - 108}],"data_offsets":[0,${BIG - 108}]}}`.padEnd(100));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(100n);
  writeFileSync(join(folder, 'big/weights.safetensors'), Buffer.concat([length, header], BIG));
}
