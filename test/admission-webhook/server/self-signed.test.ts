import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type CertificateSource,
  type KubeClient,
  openKube,
  openSelfSigned,
} from '../../../admission-webhook/src/index.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../../support/kube/index.ts';
import { requirePart, STORY } from '../../support/parts.ts';

const OPTIONS = {
  kind: 'self-signed',
  service: 'gate',
  namespace: 'assay',
  secret: 'gate-tls',
  webhookConfigs: ['gate'],
} as const;
const TIMES = { lookMs: 300, propagationMs: 200 };
const SECRET = '/api/v1/namespaces/assay/secrets/gate-tls';
const CONFIGS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

requirePart(
  'API server',
  hasKube,
  KUBE_HOW,
  'a self-signed authority',
  () => {
    let kube: RunningKube;
    let client: KubeClient;
    const sources: CertificateSource[] = [];

    beforeAll(async () => {
      kube = await startKube();
      client = await openKube({ kubeconfig: kube.kubeconfig() });
      await kube.createNamespace('assay');
      const webhook = {
        name: 'gate.assay.dev',
        clientConfig: { service: { name: 'gate', namespace: 'assay', path: '/validate' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { gated: 'yes' } },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      };
      await client.send('POST', CONFIGS, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'gate' },
        webhooks: [webhook, { ...webhook, name: 'other.assay.dev' }],
      });
    });

    afterAll(async () => {
      for (const source of sources) await source.close();
      await client.close();
      await kube.stop();
    });

    const secret = async () => {
      const { data } = (await client.get(SECRET)) as { data: Record<string, string> };
      return (name: string) => Buffer.from(data[name] ?? '', 'base64').toString('utf8');
    };
    const bundles = async () => {
      const { webhooks } = (await client.get(`${CONFIGS}/gate`)) as {
        webhooks: { clientConfig: { caBundle?: string } }[];
      };
      return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString('utf8'));
    };
    const served = () => new Set(sources.map((source) => source.pair().cert));

    it('is created once by replicas that start at the same time', async () => {
      sources.push(...(await Promise.all(Array.from({ length: 4 }, () => openSelfSigned(client, OPTIONS, TIMES)))));
      expect(served().size).toBe(1);
      const read = await secret();
      expect(served()).toEqual(new Set([read('tls.crt')]));
      await expect.poll(bundles).toEqual([read('ca.crt'), read('ca.crt')]);
      await expect.poll(() => sources.map((source) => source.health().problem)).toEqual([null, null, null, null]);
    });

    it('is restored in the webhook configuration when it is removed', async () => {
      const { webhooks, metadata } = (await client.get(`${CONFIGS}/gate`)) as {
        webhooks: { clientConfig: object }[];
        metadata: { resourceVersion: string };
      };
      const wiped = webhooks.map((one) => ({ ...one, clientConfig: { ...one.clientConfig, caBundle: undefined } }));
      await client.send('PATCH', `${CONFIGS}/gate`, {
        metadata: { resourceVersion: metadata.resourceVersion },
        webhooks: wiped,
      });
      const authority = (await secret())('ca.crt');
      await expect.poll(bundles).toEqual([authority, authority]);
    });

    it('that is unusable is replaced: published beside the old one first, then served by all', async () => {
      const before = (await secret())('ca.crt');
      const [old] = served();
      let toldWhenServed: readonly string[] = [];
      sources[0]?.onChange(async () => {
        toldWhenServed = await bundles();
      });
      await client.send('PATCH', SECRET, { data: { 'ca.key': Buffer.from('nothing').toString('base64') } });
      await expect.poll(() => served().size === 1 && !served().has(old ?? '')).toBe(true);
      const read = await secret();
      expect(read('ca.crt').endsWith(before)).toBe(true);
      expect(read('ca.crt').length).toBeGreaterThan(before.length);
      await expect.poll(() => toldWhenServed).toEqual([read('ca.crt'), read('ca.crt')]);
      expect(served()).toEqual(new Set([read('tls.crt')]));
    });

    it('whose Secret is deleted is restored unchanged', async () => {
      const before = (await secret())('ca.crt');
      const [cert] = served();
      await kube.request('DELETE', SECRET);
      await expect.poll(async () => (await kube.request('GET', SECRET)).status).toBe(200);
      expect((await secret())('ca.crt')).toBe(before);
      expect(served()).toEqual(new Set([cert]));
    });

    it('that cannot update a configuration reports it and continues to serve', async () => {
      const lost = await openSelfSigned(client, { ...OPTIONS, webhookConfigs: ['no-such'] }, TIMES);
      await expect.poll(() => lost.health().problem).toMatch(/no-such/);
      expect(lost.pair().cert).toBe([...served()][0]);
      await lost.close();
    });
  },
  STORY,
);
