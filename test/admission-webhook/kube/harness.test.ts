import { afterAll, beforeAll, expect, it } from 'vitest';
import { FIELDS } from '../../../src/workload/table/fields.ts';
import { POD_SPECS } from '../../../src/workload/table/pod-specs.ts';
import { collectionPath, hasKube, KUBE_HOW, ML_KINDS, type RunningKube, startKube } from '../../support/kube/index.ts';
import { requirePart } from '../../support/parts.ts';

// The properties of the test API server that other tests rely on.

it('the test API server defines every kind of the tables', () => {
  const custom = [...POD_SPECS, ...FIELDS].filter(({ group }) => group.includes('.'));
  for (const { group, kinds } of custom) {
    for (const kind of kinds) {
      expect(
        ML_KINDS.find((one) => one.group === group && one.kind === kind),
        `${group} ${kind}`,
      ).toBeDefined();
    }
  }
  for (const { group, kinds } of POD_SPECS.filter((row) => !row.group.includes('.'))) {
    const apiVersion = group === '' ? 'v1' : `${group}/v1`;
    for (const kind of kinds) expect(collectionPath(apiVersion, kind, 'n')).toMatch(/\/namespaces\/n\/\w+s$/);
  }
});

requirePart('API server', hasKube, KUBE_HOW, 'the test API server', () => {
  let kube: RunningKube;

  beforeAll(async () => {
    kube = await startKube({ users: [{ name: 'alice', groups: ['team'] }], audit: true, webhookUser: { token: 't' } });
  });

  afterAll(() => kube.stop());

  it('serves every kind of the tables', async () => {
    await kube.installCrds();
    for (const { group, version, kind } of ML_KINDS) {
      const apiVersion = `${group}/${version}`;
      const made = await kube.create({ apiVersion, kind, metadata: { name: 'a' }, spec: { any: [1] } });
      expect({ kind, status: made.status, spec: made.body.spec }).toEqual({ kind, status: 201, spec: { any: [1] } });
    }
  });

  it('distinguishes users', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    const group = (answer: { readonly body: { readonly status: { readonly userInfo: unknown } } }) =>
      answer.body.status.userInfo;
    const who = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    expect((await kube.request('GET', pods, undefined, { as: 'alice' })).status).toBe(403);
    await kube.grant('alice', [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }], 'default');
    expect((await kube.request('GET', pods, undefined, { as: 'alice' })).status).toBe(200);
    expect((await kube.request('GET', '/api/v1/pods', undefined, { as: 'alice' })).status).toBe(403);
    expect(group(await kube.request('POST', path, who, { as: 'alice' }))).toMatchObject({ username: 'alice' });
    expect(group(await kube.request('POST', path, who, { as: { user: 'bob', groups: ['x'] } }))).toMatchObject({
      username: 'bob',
      groups: ['x', 'system:authenticated'],
    });
    const token = await kube.serviceAccountToken('default', 'robot');
    expect(group(await kube.request('POST', path, who, { as: { token } }))).toMatchObject({
      username: 'system:serviceaccount:default:robot',
    });
  });

  it('calls a webhook as soon as it is installed, and no longer when it is removed', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const caBundle = kube.ca;
    for (const type of ['validating', 'mutating'] as const) {
      const hook = await kube.installWebhook({ url: 'https://127.0.0.1:1/validate', caBundle, type });
      const refused = await kube.create(pod, { dryRun: true });
      expect([refused.status, refused.body.message]).toEqual([500, expect.stringContaining('gate.assay.dev')]);
      await hook.remove();
      expect((await kube.create(pod, { dryRun: true })).status).toBe(201);
    }
  });

  it('keeps its objects over a restart, and forgets old versions on request', async () => {
    await kube.createNamespace('kept', { 'assay.dev/admission': 'warn' });
    const { resourceVersion } = (await kube.request('GET', '/api/v1/namespaces?limit=1')).body.metadata;
    await kube.restart();
    const kept = await kube.request('GET', '/api/v1/namespaces/kept');
    expect(kept.body.metadata.labels).toMatchObject({ 'assay.dev/admission': 'warn' });
    const old = await kube.request(
      'GET',
      `/api/v1/namespaces?watch=1&resourceVersion=${resourceVersion - 1}&timeoutSeconds=1`,
    );
    expect(JSON.stringify(old.body)).toMatch(/too old resource version/);
    await kube.createNamespace('later');
    await kube.compact();
    expect(kube.auditEvents().some(({ verb, user }) => verb === 'create' && user.username === 'admin')).toBe(true);
  });
});
