import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ROOT } from '../cli/run-cli.ts';
import { crdFor, hasKube, KUBE_HOW, type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { HELM, HELM_HOW, hasHelm } from './admission-chart.ts';

const CHART = join(ROOT, 'deploy/helm/assay');
const OWN = '/namespaces/assay';
const DEPLOYMENTS = `/apis/apps/v1${OWN}/deployments`;
const CLAIMS = `/api/v1${OWN}/persistentvolumeclaims`;

/** The values as a file contains them: numbers as in JSON, where `--set` has integers. */
const EVERYTHING = {
  rules: 'version: 1\nstages: {production: {policy: ours.yaml}}\n',
  policies: { 'ours.yaml': 'apiVersion: assay.dev/v1\n' },
  trustConfigMap: 'approvers',
  env: { ASSAY_GATE_CACHE_BYTES: 1099511627776, ASSAY_MAX_UPLOAD_FILES: 1000000, ASSAY_GATE_SCAN_ON_MISS: true },
  extraVolumes: [{ name: 'authorities', configMap: { name: 'authorities' } }],
  extraVolumeMounts: [{ name: 'authorities', mountPath: '/etc/authorities' }],
  worker: { autoscaling: { kind: 'keda', minReplicas: 0 }, scratch: { className: 'fast', size: '100Gi' } },
  gpuWorker: { enabled: true, priority: 1000000 },
  snapshot: { enabled: true },
  ingress: { enabled: true },
  metrics: { serviceMonitor: { enabled: true } },
  networkPolicy: { databasePort: 25060, extraEgress: [{ to: [{ podSelector: {} }], ports: [{ port: 8080 }] }] },
} as const;

requirePart(
  'Helm, kube-apiserver and etcd',
  hasKube && hasHelm,
  `${KUBE_HOW}; ${HELM_HOW}`,
  "the service's chart on a real API server",
  () => {
    let kube: RunningKube;
    let kubeconfig = '';
    const home = tempFolder();

    async function helm(...args: readonly string[]): Promise<string> {
      const env = { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
      const all = [...args, '--namespace', 'assay', '--kubeconfig', kubeconfig];
      const { stdout, stderr } = await promisify(execFile)(HELM, all, { env });
      if (/^W\d{4}|warning/im.test(stderr)) throw new Error(`helm ${args[0]}: ${stdout}${stderr}`);
      return stdout;
    }

    function valuesFile(values: object): string {
      const path = join(home, 'values.yaml');
      writeFileSync(path, stringify(values));
      return path;
    }

    async function container(component: string) {
      const { status, body } = await kube.request('GET', `${DEPLOYMENTS}/assay-${component}`);
      expect({ component, status }).toEqual({ component, status: 200 });
      return body.spec.template.spec.containers[0];
    }

    async function environment(component: string): Promise<Readonly<Record<string, string>>> {
      const { env } = await container(component);
      return Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value]));
    }

    beforeAll(async () => {
      kube = await startKube();
      kubeconfig = kube.kubeconfig();
      await kube.createNamespace('assay');
      await kube.createAll([
        crdFor('keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects', 'Namespaced'),
        crdFor('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors', 'Namespaced'),
      ]);
    });
    afterAll(() => kube.stop());

    it('is accepted with its defaults, without unknown fields', async () => {
      await helm('install', 'assay', CHART);
      expect((await container('api')).args).toContain('--metrics-listen');
      expect(await environment('worker')).toHaveProperty('ASSAY_DATABASE_FILE', '/etc/assay/secrets/database');
      expect((await kube.request('GET', `${DEPLOYMENTS}/assay-snapshot`)).status).toBe(404);
    });

    it('can be upgraded to every feature, with numbers as they are in the file', async () => {
      await helm('upgrade', 'assay', CHART, '--values', valuesFile(EVERYTHING));
      for (const component of ['api', 'worker', 'gpu-worker']) {
        expect(await environment(component)).toMatchObject({
          ASSAY_GATE_CACHE_BYTES: '1099511627776',
          ASSAY_MAX_UPLOAD_FILES: '1000000',
          ASSAY_GATE_SCAN_ON_MISS: 'true',
          ASSAY_TRUST: '/etc/assay/trust/trust.yaml',
        });
      }
      const { body } = await kube.request('GET', '/apis/scheduling.k8s.io/v1/priorityclasses/assay-gpu');
      expect(body.value).toBe(1_000_000);
      const rules = await kube.request('GET', `/api/v1${OWN}/configmaps/assay-rules`);
      expect(rules.body.data).toEqual({ 'rules.yaml': EVERYTHING.rules, ...EVERYTHING.policies });
    });

    it('leaves the number of replicas to an autoscaler', async () => {
      const scalers = await kube.request('GET', `/apis/autoscaling/v2${OWN}/horizontalpodautoscalers`);
      expect(scalers.body.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual(['assay-api']);
      const path = `/apis/keda.sh/v1alpha1${OWN}/scaledobjects/assay-worker`;
      expect((await kube.request('GET', path)).body.spec.scaleTargetRef).toEqual({ name: 'assay-worker' });
      // An autoscaler changes the replicas: the next upgrade keeps them.
      const scale = `${DEPLOYMENTS}/assay-worker/scale`;
      const { body } = await kube.request('GET', scale);
      await kube.request('PUT', scale, { ...body, spec: { replicas: 7 } });
      await helm('upgrade', 'assay', CHART, '--reuse-values', '--set', 'env.ASSAY_LOG_LEVEL=debug');
      expect((await kube.request('GET', scale)).body.spec.replicas).toBe(7);
      expect(await environment('api')).toHaveProperty('ASSAY_LOG_LEVEL', 'debug');
    });

    it('can be rolled back', async () => {
      await helm('rollback', 'assay', '1');
      expect(await environment('api')).not.toHaveProperty('ASSAY_TRUST');
      expect((await kube.request('GET', `${DEPLOYMENTS}/assay-snapshot`)).status).toBe(404);
      expect((await kube.request('GET', `/apis/keda.sh/v1alpha1${OWN}/scaledobjects/assay-worker`)).status).toBe(404);
    });

    it('keeps its secrets and claims when it is uninstalled, and uses them after a new installation', async () => {
      await helm('upgrade', 'assay', CHART, '--values', valuesFile(EVERYTHING));
      await helm('uninstall', 'assay');
      const claims = await kube.request('GET', CLAIMS);
      // Without controllers the finalizer that protects a used claim is never added.
      expect(claims.body.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual([
        'assay-data',
        'assay-snapshots',
      ]);
      for (const kind of ['deployments', 'replicasets'])
        expect((await kube.request('GET', `/apis/apps/v1${OWN}/${kind}`)).body.items).toEqual([]);
      expect((await kube.request('GET', `/api/v1${OWN}/services`)).body.items).toEqual([]);
      await helm('install', 'assay', CHART, '--values', valuesFile(EVERYTHING));
    });

    it('can be installed twice in one namespace', async () => {
      await helm('install', 'second', CHART, '--values', valuesFile(EVERYTHING));
      await helm('uninstall', 'second');
    });
  },
  STORY,
);
