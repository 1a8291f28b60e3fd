import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { GROUND_PART, HOW_GROUND, hasGround, OWN_NAMESPACE, RELEASE, renderChart } from './admission/chart.ts';

const LABEL = 'assay.dev/admission';
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' };

// A user who can edit namespaces could remove the webhook's label: policies of the API server protect the labels.
requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'the guard of the webhook configuration, on a real API server,',
  () => {
    let kube: RunningKube;
    const subjects = 'guard.subjects=[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"sue"}]';
    const ns = (name: string, suffix = '') => `/api/v1/namespaces/${name}${suffix}`;

    beforeAll(async () => {
      kube = await startKube({ users: [{ name: 'dev' }, { name: 'sue' }] });
      await kube.createNamespace(OWN_NAMESPACE);
      await kube.createNamespace('ml', { [LABEL]: 'enforce', 'assay.dev/stage': 'production', team: 'a' });
      // The permissions that an owner of namespaces has in many clusters.
      const verbs = ['get', 'create', 'update', 'patch', 'delete'];
      const resources = ['namespaces', 'namespaces/status', 'namespaces/finalize', 'configmaps'];
      for (const user of ['dev', 'sue']) await kube.grant(user, [{ apiGroups: [''], resources, verbs }]);
      const rendered = renderChart(['gate.mode=opt-in'], [subjects]);
      const guards = rendered.filter(({ kind, metadata }) => {
        return /^ValidatingAdmissionPolicy/.test(kind) || /guard$/.test(String(metadata?.name)) || kind === 'ConfigMap';
      });
      await kube.createAll(guards, { namespace: OWN_NAMESPACE });
      await until(
        'the labels are guarded',
        async () => (await patch('dev', { [LABEL]: 'off' }, '?dryRun=All')).status === 403,
      );
    });
    afterAll(() => kube?.stop());

    const patch = (as: string, labels: object, suffix = '') =>
      kube.request('PATCH', ns('ml', suffix), { metadata: { labels } }, { as });

    describe('protects the labels of a namespace', () => {
      it.each([
        ['the mode label removed', { [LABEL]: null }],
        ['the mode weakened', { [LABEL]: 'warn' }],
        ['the mode set to off', { [LABEL]: 'off' }],
        ['the stage changed', { 'assay.dev/stage': 'staging' }],
        ['another label of ours added', { 'assay.dev/new': 'x' }],
      ])('from a change, and states the reason: %s', async (_, labels) => {
        for (const suffix of ['', '/status']) {
          const { status, body } = await patch('dev', labels, suffix);
          expect(status).toBe(403);
          expect(body.message).toMatch(/the labels assay\.dev\/\* of the namespace ml say which models may run there/);
          expect(body.message).toContain('dev may not change them');
        }
      });

      it('from a replacement of the whole object', async () => {
        const { body: namespace } = await kube.request('GET', ns('ml'));
        const { [LABEL]: _, ...labels } = namespace.metadata.labels;
        const without = { ...namespace, metadata: { ...namespace.metadata, labels } };
        for (const suffix of ['', '/finalize', '/status']) {
          expect((await kube.request('PUT', ns('ml', suffix), without, { as: 'dev' })).status).toBe(403);
        }
      });

      it('but leaves other labels to the user', async () => {
        expect((await patch('dev', { team: 'b' })).status).toBe(200);
        expect(
          (await kube.request('PATCH', ns('ml'), { metadata: { annotations: { a: 'b' } } }, { as: 'dev' })).status,
        ).toBe(200);
      });

      it('from everybody except a user with the verb "gate", who can set known values', async () => {
        expect((await patch('sue', { [LABEL]: 'warn' })).status).toBe(200);
        expect((await patch('sue', { [LABEL]: 'enforce' })).status).toBe(200);
        const { status, body } = await patch('sue', { [LABEL]: 'disabled' });
        expect([status, body.message]).toEqual([422, expect.stringMatching(/one of enforce, warn, audit and off/)]);
      });

      it('when a namespace is created', async () => {
        const namespace = (name: string, labels: object) => ({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name, labels },
        });
        expect((await kube.create(namespace('plain', {}), { as: 'dev' })).status).toBe(201);
        expect((await kube.create(namespace('open', { [LABEL]: 'off' }), { as: 'dev' })).status).toBe(403);
        expect((await kube.create(namespace('strict', { [LABEL]: 'enforce' }), { as: 'sue' })).status).toBe(201);
      });
    });

    describe('protects the configuration of the webhook', () => {
      const map = (name: string) => `/api/v1/namespaces/${OWN_NAMESPACE}/configmaps/${name}`;
      it('from any other user', async () => {
        for (const name of [`${RELEASE}-floor`, `${RELEASE}-config`]) {
          const changed = await kube.request('PATCH', map(name), { data: { version: '0' } }, { as: 'dev' });
          expect([changed.status, changed.body.message]).toEqual([
            403,
            expect.stringContaining('configures the admission webhook of models'),
          ]);
          expect((await kube.request('DELETE', map(name), undefined, { as: 'dev' })).status).toBe(403);
          const label = { metadata: { labels: { a: 'b' } } };
          expect((await kube.request('PATCH', map(name), label, { ...STRATEGIC, as: 'dev' })).status).toBe(200);
        }
        expect(
          (await kube.request('PATCH', map(`${RELEASE}-config`), { data: { x: 'y' } }, { as: 'sue' })).status,
        ).toBe(200);
      });
    });
  },
  STORY,
);
