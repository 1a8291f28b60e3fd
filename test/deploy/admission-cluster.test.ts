import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  openKube,
  patchCaBundle,
  raiseConfigMapFloor,
  watchNamespaces,
} from '../../admission-webhook/src/kube/index.ts';
import { openSelfSigned } from '../../admission-webhook/src/server/certificate/self-signed.ts';
import {
  hasKube,
  KUBE_HOW,
  type KubeAnswer,
  type KubeObject,
  ML_KINDS,
  type RunningKube,
  startKube,
} from '../support/kube/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { FIRST_LOOK, FOREIGN, HELM_HOW, hasHelm, render, WAYS } from './admission-chart.ts';

const HOW = `${KUBE_HOW}; ${HELM_HOW}`;
const PATIENT = { timeout: 60_000, interval: 200 };
const FLOOR = '/api/v1/namespaces/assay/configmaps/assay-admission-floor';
const CONFIG = '/api/v1/namespaces/assay/configmaps/assay-admission-config';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/assay-admission';

const pod = (labels: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels },
  spec: { containers: [{ name: 'c', image: 'acme/app:1' }] },
});
const template = { metadata: { labels: { a: 'b' } }, spec: pod().spec };
const job = { template: { spec: { ...Object(pod().spec), restartPolicy: 'Never' } } };
const selector = { matchLabels: { a: 'b' } };
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { selector, template },
};

/** A complete object of each of Kubernetes' own kinds. */
const CORE: readonly KubeObject[] = [
  pod(),
  { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'p' }, template },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'r' },
    spec: { selector: { a: 'b' }, template },
  },
  deployment,
  { ...deployment, kind: 'ReplicaSet' },
  { ...deployment, kind: 'DaemonSet' },
  { ...deployment, kind: 'StatefulSet', spec: { selector, template, serviceName: 's' } },
  { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, spec: job },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c' },
    spec: { schedule: '@daily', jobTemplate: { spec: job } },
  },
];
const CUSTOM = ML_KINDS.map(
  ({ group, version, kind, scope }): KubeObject & { scope?: undefined } & { readonly ofCluster: boolean } => ({
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name: 'x' },
    spec: {},
    ofCluster: scope === 'Cluster',
  }),
);

const ofKind = (objects: readonly KubeObject[], kind: string) => objects.filter((one) => one.kind === kind);

requirePart(
  'Helm, kube-apiserver and etcd',
  hasKube && hasHelm,
  HOW,
  "the webhook's chart on a real API server",
  () => {
    let kube: RunningKube;
    /** Can change namespaces, ConfigMaps and workloads in the whole cluster, but does not have the verb "gate". */
    const dev = 'dev';

    beforeAll(async () => {
      kube = await startKube({ users: [{ name: dev }] });
      await kube.createNamespace('assay');
      await kube.createNamespace('gated', { 'assay.dev/admission': 'enforce', 'assay.dev/stage': 'production' });
      await kube.createNamespace('off', { 'assay.dev/admission': 'off' });
      await kube.createNamespace('free');
      await kube.createNamespace('infra');
      await kube.installCrds();
      for (const namespace of ['gated', 'free']) await kube.createAll([pod(), deployment], { namespace });
      const doomed = { name: 'doomed' };
      await kube.createAll(
        [
          { ...pod(), metadata: doomed },
          { ...deployment, metadata: { ...doomed, finalizers: ['assay.dev/test'] } },
        ],
        { namespace: 'gated' },
      );
      const verbs = ['get', 'create', 'update', 'patch', 'delete'];
      const resources = ['namespaces', 'namespaces/status', 'namespaces/finalize', 'configmaps', 'pods'];
      await kube.grant(dev, [{ apiGroups: [''], resources, verbs }]);
      // A webhook without a server: the API server refuses what it would ask about.
      await kube.createAll(render(['gate.timeoutSeconds=1', ...FIRST_LOOK]));
      await untilAsked(() => kube.create(pod(), { namespace: 'gated', dryRun: true }));
      await vi.waitFor(
        async () => expect((await relabel('free', { 'assay.dev/probe': 'x' }, '', true)).status).toBe(403),
        PATIENT,
      );
    });
    afterAll(() => kube.stop());

    function relabel(name: string, labels: object, under = '', dryRun = false): Promise<KubeAnswer> {
      const query = dryRun ? '?dryRun=All' : '';
      return kube.request('PATCH', `/api/v1/namespaces/${name}${under}${query}`, { metadata: { labels } }, { as: dev });
    }

    const isAsked = ({ status, body }: KubeAnswer) => status === 500 && /failed calling webhook/.test(body.message);

    function untilAsked(ask: () => Promise<KubeAnswer>): Promise<void> {
      return vi.waitFor(async () => expect(isAsked(await ask())).toBe(true), PATIENT);
    }

    it.each(Object.entries(WAYS))('has every object accepted: %s', async (_, values) => {
      const namespaces = ['ml', 'ml-dev'];
      for (const name of namespaces) await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      for (const object of render(values)) {
        if (FOREIGN.has(object.kind)) continue;
        const name = `other-${object.metadata?.name}`;
        const { status, body } = await kube.create(
          { ...object, metadata: { ...object.metadata, name } },
          { dryRun: true },
        );
        expect({ name, status, message: body.message }).toEqual({ name, status: 201, message: undefined });
      }
    });

    describe('asks the webhook about', () => {
      it.each(CORE)('$kind', async (object) => {
        expect(isAsked(await kube.create(object, { namespace: 'gated', dryRun: true }))).toBe(true);
        expect(
          (await kube.create({ ...object, metadata: { name: 'y' } }, { namespace: 'free', dryRun: true })).status,
        ).toBe(201);
      });

      it('every namespaced custom resource of the tables', async () => {
        const answers = await Promise.all(
          CUSTOM.filter(({ ofCluster }) => !ofCluster).map(async ({ ofCluster: _, ...object }) => {
            const answer = await kube.create(object, { namespace: 'gated', dryRun: true });
            return isAsked(answer) ? [] : [`${object.kind}: ${answer.status}`];
          }),
        );
        expect(answers.flat()).toEqual([]);
      });

      it('ephemeral containers of a Pod', async () => {
        const path = '/api/v1/namespaces/gated/pods/p/ephemeralcontainers';
        const added = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } };
        const contentType = 'application/strategic-merge-patch+json';
        expect(isAsked(await kube.request('PATCH', path, added, { contentType }))).toBe(true);
      });

      it('changes of the spec and of annotations, not of labels, finalizers, status or scale', async () => {
        const path = '/apis/apps/v1/namespaces/gated/deployments/d';
        const change = (body: object, under = '') => kube.request('PATCH', `${path}${under}`, body);
        const image = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'acme/app:2' }];
        expect(isAsked(await kube.request('PATCH', path, image, { contentType: 'application/json-patch+json' }))).toBe(
          true,
        );
        expect(isAsked(await change({ metadata: { annotations: { a: 'b' } } }))).toBe(true);
        expect((await change({ metadata: { labels: { a: 'b' } } })).status).toBe(200);
        expect((await change({ metadata: { finalizers: ['assay.dev/test'] } })).status).toBe(200);
        expect((await change({ status: { replicas: 1 } }, '/status')).status).toBe(200);
        expect((await change({ spec: { replicas: 3 } }, '/scale')).status).toBe(200);
      });

      it('no object that is being deleted, so that it can end while the webhook is down', async () => {
        const path = '/apis/apps/v1/namespaces/gated/deployments/doomed';
        expect((await kube.request('DELETE', path)).status).toBe(200);
        expect((await kube.request('PATCH', path, { metadata: { annotations: { a: 'b' } } })).status).toBe(200);
        expect((await kube.request('PATCH', path, { metadata: { finalizers: null } })).status).toBe(200);
        expect((await kube.request('GET', path)).status).toBe(404);
        expect((await kube.request('DELETE', '/api/v1/namespaces/gated/pods/doomed?gracePeriodSeconds=0')).status).toBe(
          200,
        );
      });

      it('no object in its own namespace, in kube-system, or where the label is "off"', async () => {
        for (const namespace of ['assay', 'kube-system', 'off', 'free', 'default']) {
          const { status } = await kube.create({ ...pod(), metadata: { name: 'y' } }, { namespace, dryRun: true });
          expect({ namespace, status }).toEqual({ namespace, status: 201 });
        }
      });
    });

    describe('has a guard that', () => {
      it.each(['', '/status', '/finalize'])(
        'keeps other users from changing the labels of a namespace, also through namespaces%s',
        async (under) => {
          const finalize = async (labels: object): Promise<KubeAnswer> => {
            if (under !== '/finalize') return relabel('gated', labels, under);
            const path = '/api/v1/namespaces/gated';
            const { body } = await kube.request('GET', path);
            const all = Object.fromEntries(
              Object.entries({ ...body.metadata.labels, ...labels }).filter(([, value]) => value !== null),
            );
            return kube.request(
              'PUT',
              `${path}/finalize`,
              { ...body, metadata: { ...body.metadata, labels: all } },
              { as: dev },
            );
          };
          for (const labels of [
            { 'assay.dev/admission': null },
            { 'assay.dev/admission': 'off' },
            { 'assay.dev/stage': 'dev' },
          ]) {
            const { status, body } = await finalize(labels);
            expect({ status, message: body.message }).toEqual({
              status: 403,
              message: expect.stringMatching(/dev may not change them/),
            });
          }
          expect((await finalize({ [`team${under.replace('/', '-')}`]: 'a' })).status).toBe(200);
        },
      );

      it('keeps other users from creating a namespace with the labels', async () => {
        const made = (labels: object) =>
          kube.create(
            { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new', labels } },
            { as: dev, dryRun: true },
          );
        expect((await made({ 'assay.dev/admission': 'off' })).status).toBe(403);
        expect((await made({ team: 'a' })).status).toBe(201);
      });

      it('allows users with the verb "gate", with known label values', async () => {
        const admin = (labels: object) => kube.request('PATCH', '/api/v1/namespaces/infra', { metadata: { labels } });
        expect((await admin({ 'assay.dev/admission': 'warn' })).status).toBe(200);
        const { status, body } = await admin({ 'assay.dev/admission': 'enforced' });
        expect(status).toBe(422);
        expect(body.message).toMatch(/one of enforce, warn, audit and off/);
        expect((await admin({ 'assay.dev/admission': null })).status).toBe(200);
        await kube.grant('gatekeeper', [
          { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'patch', 'gate'] },
        ]);
        const metadata = { labels: { 'assay.dev/admission': 'audit' } };
        const as = { user: 'gatekeeper' };
        // The API server applies a role a moment later.
        await vi.waitFor(async () => {
          const { status } = await kube.request('PATCH', '/api/v1/namespaces/infra', { metadata }, { as });
          expect(status).toBe(200);
        }, PATIENT);
        expect((await admin({ 'assay.dev/admission': null })).status).toBe(200);
      });

      it.each([FLOOR, CONFIG])('keeps other users from changing or deleting %s', async (path) => {
        const answers = [
          await kube.request('PATCH', path, { data: { version: '1' } }, { as: dev }),
          await kube.request('PATCH', path, { data: null, binaryData: { x: 'eA==' } }, { as: dev }),
          await kube.request('DELETE', path, undefined, { as: dev }),
        ];
        for (const { status, body } of answers)
          expect({ status, message: body.message }).toEqual({
            status: 403,
            message: expect.stringMatching(/dev may not change it/),
          });
        expect((await kube.request('PATCH', path, { metadata: { labels: { team: 'a' } } }, { as: dev })).status).toBe(
          200,
        );
        const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' }, data: { a: 'b' } };
        expect((await kube.create(other, { namespace: 'assay', as: dev, dryRun: true })).status).toBe(201);
      });
    });

    describe('has an account that', () => {
      let token = '';
      beforeAll(async () => {
        token = await kube.serviceAccountToken('assay', 'assay-admission');
      });

      it('allows everything that the program does', async () => {
        const client = await openKube({ kubeconfig: kube.kubeconfig({ token }) });
        const stop = new AbortController();
        try {
          const namespaces = watchNamespaces(client, stop.signal);
          await namespaces.ready;
          expect(namespaces.labelsOf('gated')).toMatchObject({ 'assay.dev/stage': 'production' });
          const floor = { namespace: 'assay', name: 'assay-admission-floor' };
          expect(await raiseConfigMapFloor(client, floor, 7)).toBe(7);
          expect(await raiseConfigMapFloor(client, floor, 3)).toBe(7);
          const options = {
            kind: 'self-signed',
            service: 'assay-admission',
            namespace: 'assay',
            secret: 'assay-admission-tls',
            webhookConfigs: ['assay-admission'],
          } as const;
          const certificates = await openSelfSigned(client, options);
          await vi.waitFor(async () => {
            const { body } = await kube.request('GET', WEBHOOKS);
            for (const { clientConfig } of body.webhooks) expect(clientConfig.caBundle).toMatch(/^LS0tLS1CRUdJTi/);
          }, PATIENT);
          expect(certificates.health()).toMatchObject({ problem: null });
          await certificates.close();
        } finally {
          stop.abort();
          await client.close();
        }
      });

      it('allows nothing else', async () => {
        const own = '/api/v1/namespaces/assay';
        const other = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
        await kube.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other' } }, { namespace: 'assay' });
        const asked = [
          ['GET', `${own}/secrets`],
          ['GET', `${own}/secrets/other`],
          ['DELETE', `${own}/secrets/assay-admission-tls`],
          ['GET', `${own}/configmaps`],
          ['GET', `${own}/configmaps/assay-admission-config`],
          ['DELETE', FLOOR],
          ['GET', `${own}/pods`],
          ['GET', '/api/v1/pods'],
          ['PATCH', '/api/v1/namespaces/gated', { metadata: { labels: { a: 'b' } } }],
          ['POST', `${own}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }],
          ['GET', other],
          ['DELETE', `${other}/assay-admission`],
          [
            'POST',
            other,
            {
              apiVersion: 'admissionregistration.k8s.io/v1',
              kind: 'ValidatingWebhookConfiguration',
              metadata: { name: 'x' },
            },
          ],
          ['GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
        ] as const;
        for (const [method, path, body] of asked) {
          const { status } = await kube.request(method, path, body, { as: { token } });
          expect({ method, path, status }).toEqual({ method, path, status: 403 });
        }
      });

      it('can read the snapshot at its place, and nothing else', async () => {
        const list = (name: string) => `/api/v1/namespaces/assay/configmaps?fieldSelector=metadata.name%3D${name}`;
        expect((await kube.request('GET', list('assay-snapshot'), undefined, { as: { token } })).status).toBe(200);
        expect((await kube.request('GET', list('other'), undefined, { as: { token } })).status).toBe(403);
      });
    });

    it('covers every namespace but the listed ones, and new ones, in the mode all-except', async () => {
      const values = ['gate.mode=all-except', 'gate.exceptNamespaces={infra}', 'gate.timeoutSeconds=1'];
      const [wanted] = ofKind(render(values), 'ValidatingWebhookConfiguration');
      const { body } = await kube.request('GET', WEBHOOKS);
      const { resourceVersion } = body.metadata;
      const put = await kube.request('PUT', WEBHOOKS, {
        ...wanted,
        metadata: { ...wanted?.metadata, resourceVersion },
      });
      expect(put.status).toBe(200);
      await untilAsked(() => kube.create({ ...pod(), metadata: { name: 'y' } }, { namespace: 'free', dryRun: true }));
      await kube.createNamespace('tomorrow');
      const inNamespace = (namespace: string) =>
        kube.create({ ...pod(), metadata: { name: 'y' } }, { namespace, dryRun: true });
      expect(isAsked(await inNamespace('tomorrow'))).toBe(true);
      for (const name of ['infra', 'kube-system', 'assay', 'off']) expect((await inNamespace(name)).status).toBe(201);
      for (const { ofCluster, ...object } of CUSTOM) {
        if (ofCluster) expect(isAsked(await kube.create(object, { dryRun: true }))).toBe(true);
      }
    });

    it('lets the program write the authority into the webhook configurations, and change nothing else', async () => {
      const client = await openKube({ kubeconfig: kube.kubeconfig() });
      const before = (await kube.request('GET', WEBHOOKS)).body.webhooks;
      expect(await patchCaBundle(client, 'validating', 'assay-admission', 'x')).toBe(true);
      const after = (await kube.request('GET', WEBHOOKS)).body.webhooks;
      for (const one of [...before, ...after]) delete one.clientConfig.caBundle;
      expect(after).toEqual(before);
      await client.close();
    });
  },
  STORY,
);
