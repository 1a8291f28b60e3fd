import type { Model } from '../models.ts';
import { hub, oci, podSpec, type Sample, s3, template, trainer, vllm } from '../sample.ts';

const head = { name: 'ray-head', image: 'rayproject/ray-llm:2.49.0' };
const headGroup = (spec: object) => ({ rayStartParams: { 'dashboard-host': '0.0.0.0' }, template: { spec } });
const workerGroup = (spec: object) => ({ groupName: 'gpu', replicas: 1, rayStartParams: {}, template: { spec } });
const plainHead = headGroup({ containers: [head] });

const serveConfig = ({ repo, commit }: Model) => `applications:
- name: llm
  route_prefix: /
  import_path: ray.serve.llm:build_openai_app
  args:
    llm_configs:
    - model_loading_config:
        model_id: llama
        model_source: ${repo}
      engine_kwargs:
        revision: ${commit}
        max_model_len: 4096
`;

/** A cluster with a model in its head, and one with a model in its workers, for every kind that contains a cluster. */
function clusters(row: string, kind: string, around: (cluster: object) => Record<string, unknown>): readonly Sample[] {
  return [
    {
      rows: [row],
      kind,
      title: 'by its head',
      body: (model) => around({ rayVersion: '2.49.0', headGroupSpec: headGroup(podSpec(model)) }),
      says: hub,
    },
    {
      rows: [row],
      kind,
      title: 'by its workers',
      body: (model) => around({ headGroupSpec: plainHead, workerGroupSpecs: [workerGroup(podSpec(model))] }),
      says: hub,
    },
  ];
}

const ENTRYPOINT = ({ repo, commit }: Model) =>
  `python train.py --model_name_or_path ${repo} --model_revision ${commit} --epochs 3`;

const RAY: readonly Sample[] = [
  ...clusters('raycluster', 'ray.io/RayCluster', (cluster) => ({ spec: cluster })),
  ...clusters('rayservice-pods', 'ray.io/RayService', (rayClusterConfig) => ({ spec: { rayClusterConfig } })),
  ...clusters('rayjob-pods', 'ray.io/RayJob', (rayClusterSpec) => ({
    spec: { entrypoint: 'python evaluate.py', rayClusterSpec },
  })),
  {
    rows: ['rayservice-serve'],
    kind: 'ray.io/RayService',
    title: 'by the YAML of Serve',
    body: (model) => ({
      spec: { serveConfigV2: serveConfig(model), rayClusterConfig: { headGroupSpec: plainHead } },
    }),
    says: hub,
  },
  {
    rows: ['rayjob-entrypoint'],
    kind: 'ray.io/RayJob',
    title: 'by its entry point',
    body: (model) => ({ spec: { entrypoint: ENTRYPOINT(model), rayClusterSpec: { headGroupSpec: plainHead } } }),
    says: hub,
  },
  {
    rows: ['rayjob-environment'],
    kind: 'ray.io/RayJob',
    title: 'by the code of its environment',
    body: (model) => ({
      spec: {
        entrypoint: 'python evaluate.py',
        runtimeEnvYAML: `working_dir: "${model.s3}"\npip: ["transformers==4.57.1"]\n`,
        rayClusterSpec: { headGroupSpec: plainHead },
      },
    }),
    says: s3,
  },
  {
    rows: ['rayjob-pods'],
    kind: 'ray.io/RayJob',
    title: 'by its submitter',
    body: (model) => ({
      spec: {
        entrypoint: 'python evaluate.py',
        submitterPodTemplate: { spec: { restartPolicy: 'Never', containers: [trainer(model, 'submitter')] } },
        rayClusterSpec: { headGroupSpec: plainHead },
      },
    }),
    says: hub,
  },
];

const KUBEFLOW = {
  PyTorchJob: ['pytorch', 'Master'],
  TFJob: ['tf', 'Chief'],
  MPIJob: ['mpi', 'Launcher'],
  XGBoostJob: ['xgb', 'Master'],
  PaddleJob: ['paddle', 'Worker'],
  JAXJob: ['jax', 'Worker'],
} as const;

const TRAINING: readonly Sample[] = [
  ...Object.entries(KUBEFLOW).map(([kind, [field, role]]) => ({
    rows: ['kubeflow-v1'],
    kind: `kubeflow.org/${kind}`,
    body: (model: Model) => ({
      spec: {
        runPolicy: { cleanPodPolicy: 'None' },
        [`${field}ReplicaSpecs`]: {
          [role]: {
            replicas: 1,
            restartPolicy: 'OnFailure',
            template: template({ containers: [trainer(model, field === 'tf' ? 'tensorflow' : field)] }),
          },
        },
      },
    }),
    says: hub,
  })),
  {
    rows: ['trainjob-model'],
    kind: 'trainer.kubeflow.org/TrainJob',
    body: (model) => ({
      spec: {
        runtimeRef: { name: 'torchtune-llama3.2-1b' },
        initializer: { model: { storageUri: `hf://${model.repo}@${model.commit}` } },
      },
    }),
    says: hub,
  },
  {
    rows: ['trainjob-dataset'],
    kind: 'trainer.kubeflow.org/TrainJob',
    title: 'by its data',
    body: (model) => ({
      spec: { runtimeRef: { name: 'torchtune' }, initializer: { dataset: { storageUri: model.s3 } } },
    }),
    says: s3,
    isData: true,
  },
  {
    rows: ['trainjob-trainer'],
    kind: 'trainer.kubeflow.org/TrainJob',
    title: 'by its trainer',
    body: ({ repo, commit }) => ({
      spec: {
        runtimeRef: { name: 'torch-distributed' },
        trainer: {
          image: 'ghcr.io/acme/train:7',
          command: ['torchrun', 'train.py'],
          args: ['--model_name_or_path', repo, '--model_revision', commit],
          numNodes: 2,
        },
      },
    }),
    says: hub,
  },
  ...['model', 'dataset'].map((field) => ({
    rows: ['trainjob-trainer'],
    kind: 'trainer.kubeflow.org/TrainJob',
    title: `by a variable of its initializer of the ${field}`,
    body: (model: Model) => ({
      spec: {
        runtimeRef: { name: 'torchtune' },
        initializer: { [field]: { env: [{ name: 'STORAGE_URI', value: model.s3 }] } },
      },
    }),
    says: s3,
  })),
];

const WORKSPACE = 'kaito.sh/Workspace';
const RESOURCE = { instanceType: 'Standard_NC24ads_A100_v4', labelSelector: { matchLabels: { apps: 'phi' } } };

const KAITO: readonly Sample[] = [
  {
    rows: ['kaito-template'],
    kind: WORKSPACE,
    body: (model) => ({ resource: RESOURCE, inference: { template: { spec: podSpec(model) } } }),
    says: hub,
  },
  ...['inference', 'tuning'].map((field) => ({
    rows: ['kaito-preset-image'],
    kind: WORKSPACE,
    title: `by the image of a preset for ${field}`,
    body: ({ image }: Model) => ({
      resource: RESOURCE,
      [field]: { preset: { accessMode: 'private', presetOptions: { image } } },
    }),
    says: oci,
  })),
  {
    rows: ['kaito-adapter-image'],
    kind: WORKSPACE,
    title: 'by the image of an adapter',
    body: (model) => ({
      resource: RESOURCE,
      inference: {
        template: { spec: podSpec(model) },
        adapters: [{ source: { name: 'sql', image: model.image }, strength: '1.0' }],
      },
    }),
    says: oci,
  },
  {
    rows: ['kaito-adapter-urls'],
    kind: WORKSPACE,
    title: 'by the address of an adapter',
    body: (model) => ({
      resource: RESOURCE,
      inference: { template: { spec: podSpec(model) }, adapters: [{ source: { name: 'sql', urls: [model.https] } }] },
    }),
    says: ({ https }) => https,
  },
  {
    rows: ['kaito-tuning-image'],
    kind: WORKSPACE,
    title: 'by the image of its data',
    body: ({ image }) => ({ resource: RESOURCE, tuning: { method: 'qlora', input: { name: 'data', image } } }),
    says: oci,
    isData: true,
  },
  {
    rows: ['kaito-tuning-urls'],
    kind: WORKSPACE,
    title: 'by the address of its data',
    body: ({ https }) => ({ resource: RESOURCE, tuning: { method: 'qlora', input: { name: 'data', urls: [https] } } }),
    says: ({ https }) => https,
    isData: true,
  },
  {
    rows: ['kaito-embedding'],
    kind: 'kaito.sh/RAGEngine',
    body: ({ repo, commit }) => ({
      spec: {
        compute: RESOURCE,
        embedding: { local: { modelID: `${repo}@${commit}` } },
        inferenceService: { url: 'http://phi/v1/completions' },
      },
    }),
    says: hub,
  },
  {
    rows: ['kaito-embedding-image'],
    kind: 'kaito.sh/RAGEngine',
    title: 'by its image',
    body: ({ image }) => ({
      spec: {
        compute: RESOURCE,
        embedding: { local: { image } },
        inferenceService: { url: 'http://phi/v1/completions' },
      },
    }),
    says: oci,
  },
];

/** Training and batch: Ray, Kubeflow, KAITO, JobSet, LeaderWorkerSet. */
export const BATCH: readonly Sample[] = [
  ...RAY,
  ...TRAINING,
  ...KAITO,
  {
    rows: ['jobset'],
    kind: 'jobset.x-k8s.io/JobSet',
    body: (model) => ({
      spec: {
        replicatedJobs: [
          {
            name: 'workers',
            replicas: 1,
            template: {
              spec: { template: { spec: { restartPolicy: 'Never', containers: [trainer(model, 'train')] } } },
            },
          },
        ],
      },
    }),
    says: hub,
  },
  ...['leaderTemplate', 'workerTemplate'].map((field) => ({
    rows: ['leaderworkerset'],
    kind: 'leaderworkerset.x-k8s.io/LeaderWorkerSet',
    title: `by its ${field}`,
    body: (model: Model) => ({
      spec: {
        replicas: 1,
        leaderWorkerTemplate: {
          size: 2,
          workerTemplate: { spec: { containers: [{ name: 'worker', image: 'ghcr.io/acme/ray-worker:1' }] } },
          [field]: { spec: { containers: [vllm(model)] } },
        },
      },
    }),
    says: hub,
  })),
];
