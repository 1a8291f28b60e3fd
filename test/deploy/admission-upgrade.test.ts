import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKube, patchCaBundle, raiseConfigMapFloor, writeSecret } from '../../admission-webhook/src/kube/index.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { CHART, HELM, HELM_HOW, hasHelm } from './admission-chart.ts';

const HOW = `${KUBE_HOW}; ${HELM_HOW}`;
const OWN = '/api/v1/namespaces/assay';
const FLOOR = `${OWN}/configmaps/assay-admission-floor`;
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/assay-admission';

requirePart(
  'Helm, kube-apiserver and etcd',
  hasKube && hasHelm,
  HOW,
  "the webhook's chart, installed by Helm on a real API server,",
  () => {
    let kube: RunningKube;
    let kubeconfig = '';
    const home = tempFolder();

    async function helm(...args: readonly string[]): Promise<void> {
      const env = { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
      const all = [...args, '--namespace', 'assay', '--kubeconfig', kubeconfig];
      await promisify(execFile)(HELM, all, { env });
    }

    /** What the program writes at runtime. */
    async function run(): Promise<void> {
      const client = await openKube({ kubeconfig });
      await raiseConfigMapFloor(client, { namespace: 'assay', name: 'assay-admission-floor' }, 7);
      await patchCaBundle(client, 'validating', 'assay-admission', 'the authority');
      const place = { namespace: 'assay', name: 'assay-admission-tls' };
      await writeSecret(
        client,
        place,
        { type: 'Opaque', data: { 'tls.key': 'key' } },
        { data: new Map(), resourceVersion: '' },
      );
      await client.close();
    }

    async function written(): Promise<object> {
      const [floor, secret, webhooks] = await Promise.all(
        [FLOOR, `${OWN}/secrets/assay-admission-tls`, WEBHOOKS].map((path) => kube.request('GET', path)),
      );
      return {
        floor: floor?.body.data,
        secret: secret?.body.data,
        bundles: webhooks?.body.webhooks?.map(
          (one: { clientConfig: { caBundle: string } }) => one.clientConfig.caBundle,
        ),
      };
    }

    beforeAll(async () => {
      kube = await startKube();
      kubeconfig = kube.kubeconfig();
      await kube.createNamespace('assay');
      await helm('install', 'assay-admission', CHART);
      await run();
    });
    afterAll(() => kube.stop());

    const text = (value: string) => Buffer.from(value).toString('base64');

    it('keeps what the program wrote, on upgrade and rollback', async () => {
      const before = await written();
      expect(before).toEqual({
        floor: { version: '7' },
        secret: { 'tls.key': text('key') },
        bundles: [text('the authority')],
      });
      const args = async () =>
        (await kube.request('GET', '/apis/apps/v1/namespaces/assay/deployments/assay-admission')).body.spec.template
          .spec.containers[0].args;
      await helm('upgrade', 'assay-admission', CHART, '--set', 'drainSeconds=33');
      expect(await args()).toContain('--drain=33');
      expect(await written()).toEqual(before);
      await helm('rollback', 'assay-admission', '1');
      expect(await args()).toContain('--drain=10');
      expect(await written()).toEqual(before);
    });

    it('covers every namespace after an upgrade to the mode all-except', async () => {
      await helm('upgrade', 'assay-admission', CHART, '--set', 'gate.mode=all-except,mutation.enabled=true');
      const { body } = await kube.request('GET', WEBHOOKS);
      expect(body.webhooks.map((one: { name: string }) => one.name)).toEqual([
        'validate.admission.assay.dev',
        'validate-cluster.admission.assay.dev',
      ]);
      expect(JSON.stringify(body.webhooks[0].namespaceSelector)).not.toContain('"Exists"');
    });

    it('keeps the floor when it is uninstalled, and uses it after a new installation', async () => {
      await helm('uninstall', 'assay-admission');
      expect((await kube.request('GET', WEBHOOKS)).status).toBe(404);
      expect((await kube.request('GET', FLOOR)).body.data).toEqual({ version: '7' });
      await helm('install', 'assay-admission', CHART);
      expect((await kube.request('GET', FLOOR)).body.data).toEqual({ version: '7' });
    });
  },
  STORY,
);
