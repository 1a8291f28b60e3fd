import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KubeObject, type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { GROUND_PART, HOW_GROUND, hasGround, OWN_NAMESPACE, RELEASE, renderChart } from './admission/chart.ts';
import { ALL_NAMESPACES, PATIENT } from './admission/ground.ts';
import { APPROVED, decisions, entryOf, type Model, modelOf, STRAY } from './admission/models.ts';
import { podSpec } from './admission/sample.ts';
import { SnapshotWriter } from './admission/snapshots.ts';
import { Webhook } from './admission/webhook.ts';

const LATER = modelOf('acme', 'later');
const CONFIGS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const SNAPSHOT = '/api/v1/namespaces/assay/configmaps/assay-snapshot';

// Everything is the chart's: the objects, the options of the program, the permissions of its account. Only the Service points to this
// machine, since the test has no nodes.
requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'the chart installed on a real API server',
  () => {
    const writer = new SnapshotWriter();
    let folder: string;
    let kube: RunningKube;
    let webhook: Webhook;
    let version = 0;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'assay-installed-'));
      kube = await startKube();
      for (const name of [OWN_NAMESPACE, 'assay', 'ml']) await kube.createNamespace(name);
      await kube.createAll([await snapshotMap(decisions())], { namespace: 'assay' });
      const rendered = renderChart([ALL_NAMESPACES, PATIENT, 'mutation.enabled=true', 'snapshot.pollSeconds=3600']);
      const args = argumentsOf(rendered);
      const token = await kube.serviceAccountToken(OWN_NAMESPACE, RELEASE);
      const applied = rendered.filter(isApplied);
      const isPlaced = ({ metadata }: KubeObject) => metadata?.namespace !== undefined;
      await kube.createAll(applied.filter(isPlaced));
      await kube.createAll(
        applied.filter((object) => !isPlaced(object)),
        { namespace: OWN_NAMESPACE },
      );
      webhook = await Webhook.start([...args, '--kubeconfig', kube.kubeconfig({ token }, OWN_NAMESPACE)]);
      const port = Number(new URL(webhook.url).port);
      await kube.createAll([serviceHere(rendered)], { namespace: OWN_NAMESPACE });
      for (const type of ['validating', 'mutating']) await leadTo(type, port);
      await until('an approved model is admitted', async () => (await pod(APPROVED)).status === 201);
    });
    afterAll(async () => {
      await webhook?.stop();
      await kube?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const pod = (model: Model) => {
      const object = { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'llm-' }, spec: podSpec(model) };
      return kube.create(object, { namespace: 'ml', dryRun: true });
    };

    it('has a webhook that creates its certificates, publishes the authority, and receives reviews', async () => {
      const { body } = await kube.request('GET', `${CONFIGS}/${RELEASE}`);
      for (const { clientConfig } of body.webhooks) {
        expect(Buffer.from(clientConfig.caBundle, 'base64').toString()).toContain('BEGIN CERTIFICATE');
      }
      const { status, body: refused } = await pod(STRAY);
      expect([status, refused.message]).toEqual([403, expect.stringContaining(STRAY.hub)]);
    });

    it('keeps the same authority after a restart and beside a second replica', async () => {
      const before = await authority();
      await webhook.stop();
      await webhook.again();
      await until('an approved model is admitted', async () => (await pod(APPROVED)).status === 201);
      expect((await pod(STRAY)).status).toBe(403);
      expect(await authority()).toBe(before);
      expect(await namedFor(webhook.url, before)).toBe(`${RELEASE}.${OWN_NAMESPACE}.svc`);
    });

    it('has a ConfigMap snapshot accepted as soon as it exists, and no earlier version afterwards', async () => {
      expect((await pod(LATER)).status).toBe(403);
      const old = await snapshotMap(decisions());
      await kube.request('PUT', SNAPSHOT, await snapshotMap([...decisions(), entryOf(LATER)]));
      await until('the model is admitted', async () => (await pod(LATER)).status === 201);
      const floor = `/api/v1/namespaces/${OWN_NAMESPACE}/configmaps/${RELEASE}-floor`;
      await until('the floor is raised', async () =>
        Object.values((await kube.request('GET', floor)).body.data ?? {}).includes(String(version)),
      );
      await kube.request('PUT', SNAPSHOT, old);
      await until('the refusal is reported', async () => /rollback|was seen before/.test(await webhook.get('/status')));
      expect((await pod(LATER)).status).toBe(201);
    });

    it('has an account that allows what the program needs, and nothing else', async () => {
      const token = { token: await kube.serviceAccountToken(OWN_NAMESPACE, RELEASE) };
      const may = async (method: 'GET' | 'PATCH', path: string, body?: object) =>
        (await kube.request(method, path, body, { as: token })).status !== 403;
      expect(await may('GET', '/api/v1/namespaces')).toBe(true);
      expect(await may('GET', `/api/v1/namespaces/${OWN_NAMESPACE}/secrets/${RELEASE}-tls`)).toBe(true);
      expect(await may('GET', `/api/v1/namespaces/${OWN_NAMESPACE}/secrets`)).toBe(false);
      expect(await may('GET', '/api/v1/namespaces/ml/pods')).toBe(false);
      expect(await may('PATCH', SNAPSHOT, { data: {} })).toBe(false);
      expect(
        await may('PATCH', '/api/v1/namespaces/ml', { metadata: { labels: { 'assay.dev/admission': 'off' } } }),
      ).toBe(false);
    });

    async function snapshotMap(entries: Parameters<SnapshotWriter['sign']>[0]['entries']): Promise<KubeObject> {
      version += 1;
      const signed = await writer.sign({ version, entries });
      const data = { 'snapshot.json': signed.toString() };
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'assay-snapshot' }, data };
    }

    async function authority(): Promise<string> {
      const { body } = await kube.request('GET', `${CONFIGS}/${RELEASE}`);
      return Buffer.from(body.webhooks[0].clientConfig.caBundle, 'base64').toString();
    }

    /** The webhooks call the port of the webhook; the authority stays as the webhook has written it. */
    async function leadTo(type: string, port: number): Promise<void> {
      const path = CONFIGS.replace('validating', type);
      const { body } = await kube.request('GET', `${path}/${RELEASE}`);
      const patch = body.webhooks.map((_: unknown, index: number) => {
        return { op: 'replace', path: `/webhooks/${index}/clientConfig/service/port`, value: port };
      });
      const options = { contentType: 'application/json-patch+json' };
      const { status } = await kube.request('PATCH', `${path}/${RELEASE}`, patch, options);
      expect(status).toBe(200);
    }

    /** The program's own options, with the folders that Kubernetes would mount. */
    function argumentsOf(rendered: readonly KubeObject[]): readonly string[] {
      const deployment = rendered.find(({ kind }) => kind === 'Deployment') as Deployment | undefined;
      const [container] = deployment?.spec.template.spec.containers ?? [];
      for (const name of ['key', 'config', 'state']) mkdirSync(join(folder, name));
      writeFileSync(join(folder, 'key', 'snapshot.pub'), writer.publicKey);
      const config = rendered.find(({ metadata }) => metadata?.name === `${RELEASE}-config`) as ConfigMap | undefined;
      writeFileSync(join(folder, 'config', 'admission.yaml'), config?.data['admission.yaml'] ?? '');
      const own = (container?.args ?? []).slice(1).filter((arg) => !/^--(?:metrics-)?listen=|^--drain=/.test(arg));
      expect(own).toContain('--self-signed');
      return own.map((arg) => arg.replace('/etc/assay', folder).replace('/var/lib/assay', join(folder, 'state')));
    }
  },
  STORY,
);

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly args: string[] }[] } };
  };
}

interface ConfigMap {
  readonly data: Readonly<Record<string, string>>;
}

/** The Service is another one in the test; operators for some kinds are missing. */
function isApplied({ kind }: KubeObject): boolean {
  return !['Service', 'ServiceAccount', 'ServiceMonitor', 'PrometheusRule'].includes(kind);
}

/** The name of a Service resolves to this machine. */
function serviceHere(rendered: readonly KubeObject[]): KubeObject {
  const service = rendered.find(({ kind }) => kind === 'Service');
  if (service === undefined) throw new Error('the chart has no Service');
  return { ...service, spec: { type: 'ExternalName', externalName: 'localhost' } };
}

/** The first name in the certificate of an authority. */
function namedFor(url: string, ca: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  const servername = `${RELEASE}.${OWN_NAMESPACE}.svc`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca, servername }, () => {
      const names = socket.getPeerCertificate().subjectaltname ?? '';
      socket.destroy();
      resolve(names.split(', ')[0]?.replace('DNS:', ''));
    });
    socket.once('error', reject);
  });
}
