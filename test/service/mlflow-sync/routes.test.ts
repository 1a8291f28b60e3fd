import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tenantEnvironment } from '../../../src/service/worker/index.ts';
import { fakeFile } from '../../support/fake-hub.ts';
import { FakeMlflow } from '../../support/mlflow-server.ts';
import { ProxyKit, person, TENANT } from '../hub-proxy/proxy-kit.ts';

const SECRET = 'of the webhook';
const HUB_SECRET = 'of the other webhook';

describe('incoming webhooks', () => {
  let mlflow: FakeMlflow;
  let kit: ProxyKit;

  beforeAll(async () => {
    mlflow = await FakeMlflow.start();
    const own = { MLFLOW_TRACKING_URI: mlflow.origin, MLFLOW_WEBHOOK_SECRET: SECRET, HF_WEBHOOK_SECRET: HUB_SECRET };
    kit = await ProxyKit.start({ credentials: { [TENANT]: own } });
  });
  afterAll(async () => {
    await kit.close();
    await mlflow.close();
  });

  async function post(path: string, body: string, headers: Record<string, string>) {
    const response = await fetch(`${kit.service.url}/v1/adapters/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, body: (await response.json()) as { jobs?: string[]; code?: string } };
  }

  const jobs = async () => (await kit.service.registry.jobs.list(person('reader', ['viewer']))).items;

  test('have secrets that no scanning user can read', async () => {
    const env = await tenantEnvironment({ dataFolder: kit.folder, hubEndpoint: kit.hub.endpoint }, TENANT, {});
    expect(env).toMatchObject({ MLFLOW_TRACKING_URI: mlflow.origin });
    expect(Object.keys(env).filter((name) => name.includes('SECRET'))).toEqual([]);
    expect(Object.values(env)).not.toContain(SECRET);
  });

  describe('of MLflow', () => {
    const created = (name: string, version = '1') =>
      JSON.stringify({
        entity: 'model_version',
        action: 'created',
        timestamp: '2026-01-01T00:00:00+00:00',
        data: { name, version, source: 'models:/1', run_id: null, tags: {}, description: null },
      });

    /** Signs as MLflow 3 does (mlflow/webhooks/delivery.py). */
    function signed(body: string, { secret = SECRET, at = Date.now(), id = randomUUID() as string } = {}) {
      const time = String(Math.floor(at / 1000));
      const signature = createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64');
      return {
        'x-mlflow-signature': `v1,${signature}`,
        'x-mlflow-delivery-id': id,
        'x-mlflow-timestamp': time,
      };
    }

    test('start one scan of a new version, however often they are delivered', async () => {
      const body = created('a model', '03');
      const headers = signed(body);
      const first = await post(`mlflow/${TENANT}`, body, headers);
      expect([first.status, first.body.jobs?.length]).toEqual([202, 1]);
      const job = (await jobs()).find(({ id }) => id === first.body.jobs?.[0]);
      expect(job).toMatchObject({
        target: 'models:/a%20model/3',
        model: expect.stringMatching(/^mlflow\/a-model-[0-9a-f]{8}$/),
        createdBy: 'mlflow',
      });
      const again = await post(`mlflow/${TENANT}`, body, headers);
      expect([again.status, again.body.code]).toEqual([409, 'replayed-webhook']);
    });

    test('recognize a replay after a restart', async () => {
      const body = created('durable');
      const headers = signed(body);
      expect((await post(`mlflow/${TENANT}`, body, headers)).status).toBe(202);
      const again = await kit.another();
      const response = await fetch(`${again.url}/v1/adapters/mlflow/${TENANT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      expect(response.status).toBe(409);
      await again.app.close();
    });

    test.each<[string, (body: string) => { headers: Record<string, string>; body?: string; tenant?: string }, string]>([
      ['another secret', (body) => ({ headers: signed(body, { secret: 'guessed' }) }), 'bad-signature'],
      ['a changed body', (body) => ({ headers: signed(body), body: `${body} ` }), 'bad-signature'],
      ['no signature', () => ({ headers: {} }), 'bad-signature'],
      ['a changed id', (body) => ({ headers: { ...signed(body), 'x-mlflow-delivery-id': 'other' } }), 'bad-signature'],
      ['a changed time', (body) => ({ headers: { ...signed(body), 'x-mlflow-timestamp': '1' } }), 'bad-signature'],
      ['an old time', (body) => ({ headers: signed(body, { at: Date.now() - 301_000 }) }), 'stale-webhook'],
      ['a future time', (body) => ({ headers: signed(body, { at: Date.now() + 900_000 }) }), 'stale-webhook'],
      ['a tenant without a secret', (body) => ({ headers: signed(body), tenant: 'other' }), 'bad-signature'],
    ])('are refused with %s', async (_, how, code) => {
      const before = (await jobs()).length;
      const good = created('forged');
      const { headers, body = good, tenant = TENANT } = how(good);
      const answer = await post(`mlflow/${tenant}`, body, headers);
      expect([answer.status, answer.body.code]).toEqual([401, code]);
      expect(await jobs()).toHaveLength(before);
    });

    test.each<[string, string, number]>([
      ['another event', JSON.stringify({ entity: 'registered_model', action: 'created', data: { name: 'x' } }), 202],
      ['no data', JSON.stringify({ entity: 'model_version', action: 'created' }), 400],
      ['no JSON', '{', 400],
      ['an impossible version', created('x', '../1'), 400],
      ['an empty name', created('  '), 400],
      ['an impossible name', created('a\u0007'), 400],
      ['a body that is too large', created('x'.repeat(300_000)), 413],
    ])('start nothing for %s', async (_, body, status) => {
      const before = (await jobs()).length;
      const answer = await post(`mlflow/${TENANT}`, body, signed(body));
      expect([answer.status, answer.body.jobs ?? []]).toEqual([status, []]);
      expect(await jobs()).toHaveLength(before);
    });

    test('can be delivered again after a delivery that could not be stored', async () => {
      const body = created('é'.repeat(400));
      const headers = signed(body);
      const answers = [await post(`mlflow/${TENANT}`, body, headers), await post(`mlflow/${TENANT}`, body, headers)];
      expect(answers.map((answer) => [answer.status, answer.body.code])).toEqual([
        [400, 'invalid'],
        [400, 'invalid'],
      ]);
    });
  });

  describe('of the Hub', () => {
    const push = (repo: object, refs?: object[], event = { action: 'update', scope: 'repo.content' }) =>
      JSON.stringify({
        event,
        repo,
        ...(refs === undefined ? {} : { updatedRefs: refs }),
        webhook: { id: 'x', version: 3 },
      });
    const secret = { 'x-webhook-secret': HUB_SECRET };
    const model = { type: 'model', name: 'owner/pushed', id: 'f', private: false, url: {} };

    test('start scans of the new commits of branches, once each', async () => {
      const commit = kit.hub.repo('owner/pushed').commit([fakeFile('config.json', '{}')]);
      const body = push({ ...model, headSha: commit }, [
        { ref: 'refs/heads/main', oldSha: null, newSha: commit },
        { ref: 'refs/heads/gone', oldSha: commit, newSha: null },
        { ref: 'refs/pr/1', oldSha: null, newSha: 'f'.repeat(40) },
      ]);
      const first = await post(`huggingface/${TENANT}`, body, secret);
      expect([first.status, first.body.jobs?.length]).toEqual([202, 1]);
      const same = await post(`huggingface/${TENANT}`, body, secret);
      expect(same.body.jobs?.every((id) => first.body.jobs?.includes(id))).toBe(true);
      await kit.scan(`hf://owner/pushed@${commit}`);
      expect(await post(`huggingface/${TENANT}`, body, secret)).toEqual({ status: 202, body: { jobs: [] } });
      const head = push({ ...model, headSha: commit });
      expect(await post(`huggingface/${TENANT}`, head, secret)).toEqual({ status: 202, body: { jobs: [] } });
    });

    test.each<[string, string, Record<string, string>, number]>([
      ['no secret', push(model), {}, 401],
      ['another secret', push(model), { 'x-webhook-secret': 'guessed' }, 401],
      ['a dataset', push({ ...model, type: 'dataset', headSha: 'a'.repeat(40) }), secret, 202],
      [
        'a discussion',
        push({ ...model, headSha: 'a'.repeat(40) }, undefined, { action: 'create', scope: 'discussion' }),
        secret,
        202,
      ],
      ['an invalid name', push({ ...model, name: '../..', headSha: 'a'.repeat(40) }), secret, 202],
      ['an invalid commit', push({ ...model, headSha: 'main' }), secret, 202],
      ['no repository', JSON.stringify({ event: { action: 'update', scope: 'repo' } }), secret, 400],
    ])('start nothing for %s', async (_, body, headers, status) => {
      const before = (await jobs()).length;
      const answer = await post(`huggingface/${TENANT}`, body, headers);
      expect([answer.status, answer.body.jobs ?? []]).toEqual([status, []]);
      expect(await jobs()).toHaveLength(before);
    });
  });
});
