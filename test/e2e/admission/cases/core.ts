import type { Model } from '../models.ts';
import { hub, LABELS, oci, podSpec, type Sample, s3, template, trainer, vllm } from '../sample.ts';

const selector = { matchLabels: LABELS };

/** The kinds of Kubernetes itself. */
export const CORE: readonly Sample[] = [
  { rows: ['pod'], kind: '/Pod', body: (model) => ({ spec: podSpec(model) }), says: hub },
  {
    rows: ['pod'],
    kind: '/Pod',
    title: 'by an init container',
    body: (model) => ({
      spec: {
        initContainers: [
          {
            name: 'fetch',
            image: 'ghcr.io/acme/hub-cli:1',
            command: ['hf', 'download', model.repo, '--revision', model.commit, '--local-dir', '/models/llm'],
            volumeMounts: [{ name: 'models', mountPath: '/models' }],
          },
        ],
        containers: [
          {
            ...vllm(model),
            args: ['--model', '/models/llm', '--served-model-name', 'llm'],
            volumeMounts: [{ name: 'models', mountPath: '/models', readOnly: true }],
          },
        ],
        volumes: [{ name: 'models', emptyDir: {} }],
      },
    }),
    says: hub,
  },
  {
    rows: ['pod-template'],
    kind: '/PodTemplate',
    body: (model) => ({ template: template(podSpec(model)) }),
    says: hub,
  },
  {
    rows: ['replication-controller'],
    kind: '/ReplicationController',
    body: (model) => ({ spec: { replicas: 1, selector: LABELS, template: template(podSpec(model)) } }),
    says: hub,
  },
  ...['Deployment', 'ReplicaSet'].map((kind) => ({
    rows: ['apps'],
    kind: `apps/${kind}`,
    body: (model: Model) => ({ spec: { replicas: 1, selector, template: template(podSpec(model)) } }),
    says: hub,
  })),
  {
    rows: ['apps'],
    kind: 'apps/DaemonSet',
    body: (model) => ({ spec: { selector, template: template(podSpec(model)) } }),
    says: hub,
  },
  {
    rows: ['apps'],
    kind: 'apps/StatefulSet',
    body: (model) => ({ spec: { serviceName: 'llm', selector, template: template(podSpec(model)) } }),
    says: hub,
  },
  {
    rows: ['job'],
    kind: 'batch/Job',
    body: (model) => ({
      spec: { template: template({ restartPolicy: 'Never', containers: [trainer(model, 'train')] }) },
    }),
    says: hub,
  },
  {
    rows: ['cronjob'],
    kind: 'batch/CronJob',
    body: (model) => ({
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          spec: { template: template({ restartPolicy: 'Never', containers: [trainer(model, 'evaluate')] }) },
        },
      },
    }),
    says: hub,
  },
  {
    rows: [],
    kind: 'inference.acme.example/Fleet',
    title: 'which no table knows, by the shape of its Pods',
    body: (model) => ({ spec: { regions: [{ name: 'eu', pods: { spec: podSpec(model) } }] } }),
    says: hub,
  },
];

const mounted = (volume: object): object => ({
  containers: [
    {
      name: 'server',
      image: 'vllm/vllm-openai:v0.11.0',
      args: ['--model', '/models/llm', '--served-model-name', 'llm'],
      volumeMounts: [{ name: 'llm', mountPath: '/models/llm', readOnly: true }],
    },
  ],
  volumes: [{ name: 'llm', ...volume }],
});

/** Models that are not in arguments: volumes, and the changes that operators make in a Pod. */
export const AROUND: readonly Sample[] = [
  {
    rows: ['volume-image'],
    kind: '/Pod',
    body: ({ image }) => ({ spec: mounted({ image: { reference: image, pullPolicy: 'IfNotPresent' } }) }),
    says: oci,
  },
  {
    rows: ['volume-csi', 'model.csi.modelpack.org:model.csi.modelpack.org/reference'],
    kind: '/Pod',
    body: ({ image }) => ({
      spec: mounted({
        csi: {
          driver: 'model.csi.modelpack.org',
          volumeAttributes: { 'model.csi.modelpack.org/reference': image },
        },
      }),
    }),
    says: oci,
  },
  {
    rows: ['kserve-sourceuri'],
    kind: '/Pod',
    body: (model) => ({
      metadata: { annotations: { 'internal.serving.kserve.io/storage-initializer-sourceuri': model.s3 } },
      spec: { containers: [{ name: 'kserve-container', image: 'kserve/sklearnserver:v0.15.0' }] },
    }),
    says: s3,
  },
  {
    rows: ['modelcar'],
    kind: '/Pod',
    body: ({ modelcar }) => ({
      spec: {
        containers: [
          { name: 'kserve-container', image: 'kserve/huggingfaceserver:v0.15.0', args: ['--model_name=llm'] },
          { name: 'modelcar', image: modelcar, args: ['sh', '/mnt/serve.sh'] },
        ],
        shareProcessNamespace: true,
      },
    }),
    says: ({ modelcar }) => `oci://${modelcar}`,
  },
];
