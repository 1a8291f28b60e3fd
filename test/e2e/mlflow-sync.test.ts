import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBES } from '../cli/run-cli.ts';
import { ProxyKit, person, TENANT } from '../service/hub-proxy/proxy-kit.ts';
import { HOW_MLFLOW, hasMlflow, RealMlflow } from '../support/mlflow-server.ts';
import { requirePart } from '../support/parts.ts';
import { until } from '../support/until.ts';

const BENIGN = new URL('../../fixtures/benign/sklearn/1.9.1/', import.meta.url).pathname;
const SECRET = 'of the webhook';
const TEST_MS = 540_000;
const ALIAS = 'assay-allowed';

interface MlflowAnswer {
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly aliases?: readonly string[];
}

requirePart('MLflow server', hasMlflow, HOW_MLFLOW, 'the MLflow adapter with a real MLflow server', () => {
  let mlflow: RealMlflow;
  let kit: ProxyKit;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-mlflow-sync-'));
    for (const name of ['first', 'good', 'older', 'newer', 'bad']) {
      mkdirSync(join(folder, name));
      writeFileSync(
        join(folder, name, 'MLmodel'),
        `flavors:\n  sklearn:\n    pickled_model: model.pkl\n    code: null\nmodel_uuid: ${name}`,
      );
    }
    for (const name of ['first', 'good', 'older', 'newer'])
      cpSync(join(BENIGN, 'GradientBoostingRegressor.p4.pkl'), join(folder, name, 'model.pkl'));
    cpSync(join(PROBES, 'op-global-p2/a.pkl'), join(folder, 'bad/model.pkl'));
    mlflow = await RealMlflow.start();
    const own = Object.fromEntries(
      Object.entries(mlflow.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    kit = await ProxyKit.start({ credentials: { [TENANT]: { ...own, MLFLOW_WEBHOOK_SECRET: SECRET } } });
    const url = `${kit.service.url}/v1/adapters/mlflow/${TENANT}`;
    await mlflow.run([{ do: 'webhook', url, secret: SECRET }]);
  }, 240_000);
  afterAll(async () => {
    await kit?.close();
    await mlflow?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function register(name: string, of: 'first' | 'good' | 'older' | 'newer' | 'bad'): Promise<string> {
    const [made] = await mlflow.run([{ do: 'version', name, folder: join(folder, of), how: 'artifacts' }]);
    if (made === null || made === undefined) throw new Error('no version');
    return made.version;
  }

  /** The tags of a version in MLflow, once they are as expected. */
  async function told(name: string, version: string, decision: string, aliases: readonly string[]) {
    const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = mlflow.env;
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const url = `${mlflow.origin}/api/2.0/mlflow/model-versions/get?${new URLSearchParams({ name, version })}`;
    let [seen, tags]: [string, Readonly<Record<string, string>>] = ['', {}];
    await until(`MLflow is told that ${name}/${version} is ${decision}`, async () => {
      const answer = await fetch(url, { headers: { authorization } });
      // The database of MLflow can be busy.
      if (!answer.ok) return false;
      const { model_version: found } = (await answer.json()) as { model_version: MlflowAnswer };
      tags = Object.fromEntries((found.tags ?? []).map(({ key, value }) => [key, value]));
      seen = JSON.stringify([tags['assay.decision'], found.aliases ?? []]);
      return seen === JSON.stringify([decision, aliases]);
    }).catch((cause: unknown) => {
      throw new Error(`it has ${seen}`, { cause });
    });
    return tags;
  }

  test('scans a version that is registered in MLflow, and sets its tags and the alias', async () => {
    const version = await register('a good model', 'first');
    const tags = await told('a good model', version, 'allow', [ALIAS]);
    const { items } = await kit.service.registry.models(person('reader', ['viewer']));
    const model = items.find(({ name }) => name.startsWith('mlflow/a-good-model-'));
    expect(tags).toMatchObject({
      'assay.digest': model?.newest?.digest,
      'assay.report': expect.stringContaining(`/v1/versions/${model?.newest?.id}/report`),
      'assay.reason': 'baseline allows it for candidate',
    });
  });

  test('gives a denied version a tag with the reason, and no alias', async () => {
    const version = await register('bad', 'bad');
    const tags = await told('bad', version, 'deny', []);
    expect(tags['assay.reason']).toMatch(/malicious/);
  });

  test(
    'keeps the alias when the next version is denied, and removes it when its own version is quarantined',
    async () => {
      const first = await register('iris', 'good');
      await told('iris', first, 'allow', [ALIAS]);
      const second = await register('iris', 'bad');
      await told('iris', second, 'deny', []);
      await told('iris', first, 'allow', [ALIAS]);
      const found = await kit.service.registry.versions(person('reader', ['viewer']), 'mlflow/iris');
      const here = found.items.find(({ number }) => number === 1);
      await kit.service.registry.quarantine(person('selma', ['security-approver']), here?.id ?? '', 'it phones home');
      const tags = await told('iris', first, 'deny', []);
      expect(tags['assay.reason']).toBe('it is quarantined: it phones home');
    },
    TEST_MS,
  );

  test(
    'moves the alias back to the newest allowed version when the newest is quarantined',
    async () => {
      const first = await register('rose', 'older');
      await told('rose', first, 'allow', [ALIAS]);
      const second = await register('rose', 'newer');
      await told('rose', second, 'allow', [ALIAS]);
      await told('rose', first, 'allow', []);
      const found = await kit.service.registry.versions(person('reader', ['viewer']), 'mlflow/rose');
      const here = found.items.find(({ number }) => number === 2);
      await kit.service.registry.quarantine(person('selma', ['security-approver']), here?.id ?? '', 'it phones home');
      await told('rose', second, 'deny', []);
      await told('rose', first, 'allow', [ALIAS]);
    },
    TEST_MS,
  );

  test('reports a version with unreadable files as not assessed', async () => {
    const [made] = await mlflow.run([{ do: 'source', name: 'elsewhere', source: 'gs://bucket/model' }]);
    const tags = await told('elsewhere', made?.version ?? '', 'not-assessed', []);
    expect(tags['assay.reason']).toMatch(/not supported \(gs:\)/);
  });
});
