import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../cli/run-cli.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const CHART = join(ROOT, 'deploy/helm/assay');
const built = join(ROOT, '.cache/helm/helm');
const HELM = existsSync(built) ? built : 'helm';
const python = findPython();
const hasHelm = spawnSync(HELM, ['version'], { stdio: 'ignore' }).status === 0;
const hasSchemas =
  python !== undefined && spawnSync(python, ['-c', 'import kubernetes_validate'], { stdio: 'ignore' }).status === 0;
const HOW =
  'GOBIN=$PWD/.cache/helm go install helm.sh/helm/v3/cmd/helm@v3.18.6 and .venv/bin/pip install kubernetes-validate==1.37.0';

/** The tested sets of values. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  'with its default values': [],
  'with every feature': [
    'snapshot.enabled=true',
    'gpuWorker.enabled=true',
    'ingress.enabled=true',
    'metrics.serviceMonitor.enabled=true',
    'metrics.prometheusRule.enabled=true',
    'metrics.dashboard.enabled=true',
    'worker.autoscaling.kind=keda',
    'worker.autoscaling.minReplicas=0',
    'worker.scratch.className=fast',
    'rules=version: 1',
    'policies.ours\\.yaml=rules',
    'trustConfigMap=approvers',
    'suites.volume.persistentVolumeClaim.claimName=suites',
    'datasets.volume.persistentVolumeClaim.claimName=datasets',
    'extraVolumes[0].name=authorities',
    'extraVolumes[0].configMap.name=authorities',
    'extraVolumeMounts[0].name=authorities',
    'extraVolumeMounts[0].mountPath=/etc/authorities',
    'env.ASSAY_LOG_LEVEL=debug',
    'env.ASSAY_MAX_QUEUED_JOBS=500',
    'tenants.weights.acme=4',
    'tenants.maxRunning.acme=16',
    'tenants.maxRunningOfOthers=8',
    `image.digest=sha256:${'ab'.repeat(32)}`,
    'imagePullSecrets[0].name=registry',
  ],
  'with a slice of a GPU': ['gpuWorker.enabled=true', 'gpuWorker.resource=nvidia.com/mig-1g\\.10gb'],
  'without autoscaling': [
    'api.autoscaling.enabled=false',
    'worker.autoscaling.kind=none',
    'networkPolicy.enabled=false',
    'podDisruptionBudget.enabled=false',
    'storage.existingClaim=models',
  ],
};

/** A helm built from its sources assumes an old cluster version. */
const AT = ['--namespace', 'assay', '--kube-version', '1.31.0'];

/** Kinds of operators, for which Kubernetes has no schema. */
const FOREIGN = new Set(['PrometheusRule', 'ScaledObject', 'ServiceMonitor']);

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec };
    readonly egress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
    readonly ingress?: readonly { readonly from?: object }[];
    readonly triggers?: readonly { readonly metadata: { readonly query: string } }[];
  };
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly securityContext: object;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly resources: { readonly limits?: Readonly<Record<string, string>>; readonly requests?: object };
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext: object;
  readonly volumes: readonly { readonly name: string }[];
}

function template(values: readonly string[]): Manifest[] {
  const sets = values.flatMap((value) => ['--set', value]);
  const { status, stdout, stderr } = spawnSync(HELM, ['template', 'gate', CHART, ...AT, ...sets], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return parseAllDocuments(stdout)
    .map((document): Manifest | null => document.toJS())
    .filter((manifest) => manifest !== null);
}

requirePart('Helm, and the schemas of Kubernetes', hasHelm && hasSchemas, HOW, "the service's chart", () => {
  it('passes helm lint', () => {
    const { status, stdout } = spawnSync(HELM, ['lint', '--strict', '--kube-version', '1.31.0', CHART], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('0 chart(s) failed');
    expect(status).toBe(0);
  });

  it.each([
    ['worker.autoscaling.kind=cpus', /worker.*kind/s],
    ['snapshot.expiresIn=forever', /expiresIn/],
    ['replicas=3', /replicas/],
    ['service.port=70000', /port.*maximum/],
    ['storage.size=lots', /size/],
    ['publicUrl=https://', /publicUrl/],
    ['existingSecret=', /existingSecret/],
    ['snapshot.registry=postgres://reader:password@db/assay', /registry/],
    ['worker.concurrency=65', /concurrency.*maximum/],
    ['worker.autoscaling.minReplicas=0', /minReplicas.*minimum/],
    ['worker.autoscaling.minReplicas=99', /minReplicas is more than maxReplicas/],
    ['worker.autoscaling.kind=keda', /metrics.serviceMonitor.enabled=true/],
    ['env.ASSAY_DATABASE=postgres://a:b@c/d', /a secret is not a value. Keep it in the Secret assay/],
    ['env.ASSAY_OIDC_CLIENT_SECRET=secret', /env.ASSAY_OIDC_CLIENT_SECRET_FILE/],
    ['env.ASSAY_PUBLIC_URL=https://a.example', /the chart sets it itself. Set publicUrl instead/],
    ['policies.ours\\.yaml=rules', /Name them in rules/],
  ])('refuses the values %s', (value, why) => {
    const { status, stderr } = spawnSync(HELM, ['template', CHART, ...AT, '--set', value], { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(why);
  });

  describe.each(Object.entries(WAYS))('%s', (_, values) => {
    let manifests: Manifest[] = [];
    beforeAll(() => {
      manifests = template(values);
    });

    it.each(['1.27', '1.34'])('conforms to the schemas of Kubernetes %s, without unknown fields', (version) => {
      const path = join(tempFolder(), 'manifests.yaml');
      const own = manifests.filter(({ kind }) => !FOREIGN.has(kind));
      writeFileSync(path, own.map((manifest) => JSON.stringify(manifest)).join('\n---\n'));
      const check = spawnSync(python ?? '', ['-m', 'kubernetes_validate', '--strict', '-k', version, path], {
        encoding: 'utf8',
      });
      expect(`${check.stdout}${check.stderr}`).not.toMatch(/ERROR/);
      expect(check.status).toBe(0);
    });

    it('runs without root and without an API token, and with memory limits', () => {
      const pods = manifests.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));
      expect(pods.length).toBeGreaterThanOrEqual(2);
      for (const { automountServiceAccountToken, securityContext, containers, initContainers = [] } of pods) {
        expect(automountServiceAccountToken).toBe(false);
        expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
        for (const container of [...containers, ...initContainers]) {
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          expect(container.resources.limits).toHaveProperty('memory');
        }
      }
    });

    it('has unique object names', () => {
      const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
    });
  });

  it('has every documented kind', () => {
    const kinds = new Set(template(WAYS['with every feature'] ?? []).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      [
        'ConfigMap',
        'Deployment',
        'HorizontalPodAutoscaler',
        'Ingress',
        'NetworkPolicy',
        'PersistentVolumeClaim',
        'PodDisruptionBudget',
        'PriorityClass',
        'PrometheusRule',
        'ScaledObject',
        'Service',
        'ServiceAccount',
        'ServiceMonitor',
      ].sort(),
    );
  });

  it('allows egress to database ports and to the configured ports only', () => {
    const ways = ['databasePort=25060', 'queuePort=6380', 'outboundPorts=null', 'extraEgress[0].ports[0].port=8080'];
    const policies = template(ways.map((way) => `networkPolicy.${way}`)).filter(({ kind }) => kind === 'NetworkPolicy');
    const ports = policies.flatMap(({ spec }) => (spec?.egress ?? []).flatMap((rule) => rule.ports));
    expect(ports.map(({ port }) => port)).toEqual([53, 53, 25060, 6380, 8080]);
  });

  it('allows only Prometheus to read metrics', () => {
    const policies = template(['networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name=monitoring']);
    const [api, metrics] = policies.flatMap(({ spec }) => spec?.ingress ?? []);
    expect(api).toEqual({ ports: [{ protocol: 'TCP', port: 'http' }] });
    expect(metrics?.from).toEqual([{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }]);
  });

  it('gives workers a volume for whole downloads, on the node or of a storage class', () => {
    const scratch = (...values: string[]) =>
      template(values)
        .find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'gate-worker')
        ?.spec?.template?.spec.volumes.find(({ name }) => name === 'tmp');
    expect(scratch()).toEqual({ name: 'tmp', emptyDir: { sizeLimit: '50Gi' } });
    expect(scratch('worker.scratch.className=fast', 'worker.scratch.size=1Ti')).toMatchObject({
      ephemeral: {
        volumeClaimTemplate: { spec: { storageClassName: 'fast', resources: { requests: { storage: '1Ti' } } } },
      },
    });
  });

  it('gives the approval key and the secret of sessions to the API alone', () => {
    const ours = ['env.ASSAY_KEY_PASSPHRASE_FILE=/etc/assay/secrets/approval-key', 'gpuWorker.enabled=true'];
    const held = template(ours).flatMap(({ kind, metadata, spec }) =>
      kind === 'Deployment' ? [{ name: metadata.name, pod: JSON.stringify(spec?.template?.spec) }] : [],
    );
    expect(held.map(({ name }) => name).sort()).toEqual(['gate-api', 'gate-gpu-worker', 'gate-worker']);
    for (const { name, pod } of held) {
      if (name === 'gate-api') expect(pod).toContain('"ASSAY_APPROVAL_KEY","value":"/etc/assay/secrets/approval-key"');
      else
        expect(pod).not.toMatch(
          /ASSAY_APPROVAL_KEY|ASSAY_SESSION|"key":"(approval-key|session)"|"secretName":"assay"\}/,
        );
    }
  });

  it('does not scale down while a worker scans', () => {
    const values = ['worker.autoscaling.kind=keda', 'metrics.serviceMonitor.enabled=true'];
    const [trigger] = template(values).flatMap(({ spec }) => spec?.triggers ?? []);
    expect(trigger?.metadata.query).toBe(
      'max(sum by (instance) (assay_queue_depth{namespace="assay", service="gate-metrics"}))',
    );
  });

  it('waits for every part at startup, and stays in service when a part fails later', () => {
    const [api] = template([]).flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
    expect(api?.startupProbe?.httpGet.path).toBe('/readyz');
    expect(api?.readinessProbe?.httpGet.path).toBe('/healthz');
  });

  it('stops the API only after it gets no more connections', () => {
    const api = template([]).flatMap(({ spec }) => spec?.template?.spec.containers ?? [])[0];
    expect(api?.lifecycle?.preStop.exec.command.slice(0, 2)).toEqual(['/nodejs/bin/node', '-e']);
  });

  it('gives a GPU or a slice of one to the GPU workers only', () => {
    const limits = template(WAYS['with a slice of a GPU'] ?? []).flatMap(({ spec }) =>
      (spec?.template?.spec.containers ?? []).map(({ resources }) => resources.limits?.['nvidia.com/mig-1g.10gb']),
    );
    expect(limits.filter((count) => count === '1')).toHaveLength(1);
  });
});
