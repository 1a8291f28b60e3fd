import type { Model } from '../models.ts';
import { hub, oci, podSpec, type Sample, s3, template } from '../sample.ts';

const ISVC = 'serving.kserve.io/InferenceService';
const LLM = ['LLMInferenceService', 'LLMInferenceServiceConfig'];
/** The first predictors of KServe, each with its own field. */
const OLD_PREDICTORS = 'sklearn xgboost tensorflow pytorch triton onnx huggingface pmml lightgbm paddle'.split(' ');

const isvc = (predictor: object, more: object = {}) => ({ spec: { predictor, ...more } });
const sklearn = (more: object) => ({ model: { modelFormat: { name: 'sklearn' }, ...more } });
const APPROVED_BESIDE = { containers: [{ name: 'plain', image: 'ghcr.io/acme/transform:1' }] };

const INFERENCE_SERVICE: readonly Sample[] = [
  {
    rows: ['isvc-storage-uri', 'kserve-isvc-pods'],
    kind: ISVC,
    body: (model) => isvc(sklearn({ storageUri: model.s3 })),
    says: s3,
  },
  {
    rows: ['isvc-storage-uri'],
    kind: ISVC,
    title: 'of the Hub, with the revision after a colon',
    body: (model) => isvc({ model: { modelFormat: { name: 'huggingface' }, storageUri: model.kserve } }),
    says: hub,
  },
  ...OLD_PREDICTORS.map((name) => ({
    rows: ['isvc-storage-uri', 'kserve-isvc-pods'],
    kind: ISVC,
    title: name,
    body: (model: Model) => isvc({ [name]: { storageUri: model.s3, protocolVersion: 'v2' } }),
    says: s3,
  })),
  {
    rows: ['kserve-isvc-pods'],
    kind: ISVC,
    title: 'by arguments of the model',
    body: ({ repo, commit }) =>
      isvc({
        model: {
          modelFormat: { name: 'huggingface' },
          args: ['--model_name=llm', `--model_id=${repo}`, `--model_revision=${commit}`],
        },
      }),
    says: hub,
  },
  {
    rows: ['kserve-isvc-pods'],
    kind: ISVC,
    title: 'by its own container',
    body: (model) => isvc(podSpec(model)),
    says: hub,
  },
  {
    rows: ['kserve-isvc-pods'],
    kind: ISVC,
    title: 'on several nodes',
    body: (model) => isvc({ ...podSpec(model), workerSpec: { pipelineParallelSize: 2, ...podSpec(model) } }),
    says: hub,
  },
  {
    rows: ['isvc-storage-uris'],
    kind: ISVC,
    body: (model) =>
      isvc({
        ...sklearn({}),
        storageUris: [
          { uri: model.s3, mountPath: '/mnt/models/base' },
          { uri: `oci://${model.image}`, mountPath: '/mnt/models/lora' },
        ],
      }),
    says: s3,
  },
  {
    rows: ['isvc-transformer-uris', 'kserve-isvc-pods'],
    kind: ISVC,
    body: (model) =>
      isvc(sklearn({ storageUri: model.s3 }), {
        transformer: { ...APPROVED_BESIDE, storageUris: [{ uri: model.s3, mountPath: '/mnt/models' }] },
      }),
    says: s3,
  },
  {
    rows: ['isvc-explainer-uri', 'kserve-isvc-pods'],
    kind: ISVC,
    body: (model) =>
      isvc(sklearn({ storageUri: model.s3 }), {
        explainer: { art: { type: 'SquareAttack', storageUri: model.s3 } },
      }),
    says: s3,
  },
  {
    rows: ['kserve-isvc-pods'],
    kind: ISVC,
    title: 'by the container of its explainer',
    body: (model) => isvc(sklearn({ storageUri: model.s3 }), { explainer: podSpec(model) }),
    says: hub,
  },
  {
    rows: ['isvc-canary-uri', 'kserve-isvc-pods'],
    kind: ISVC,
    body: (model) =>
      isvc(sklearn({ storageUri: model.s3 }), {
        canary: [{ trafficPercent: 10, predictor: sklearn({ storageUri: model.s3 }) }],
      }),
    says: s3,
  },
  {
    rows: ['kserve-isvc-pods'],
    kind: ISVC,
    title: 'by the container of a canary',
    body: (model) => isvc(podSpec(model), { canary: [{ trafficPercent: 10, predictor: podSpec(model) }] }),
    says: hub,
  },
];

const base = (model: Model) => ({ model: { uri: `hf://${model.repo}@${model.commit}`, name: model.repo } });

const LLM_SERVICE: readonly Sample[] = LLM.flatMap((name): readonly Sample[] => {
  const kind = `serving.kserve.io/${name}`;
  const pods = (title: string, body: (model: Model) => object): Sample => ({
    rows: ['kserve-llmisvc-pods'],
    kind,
    title,
    body: (model) => ({ spec: { ...body(model) } }),
    says: hub,
  });
  return [
    { rows: ['llmisvc-model'], kind, body: (model) => ({ spec: { ...base(model), replicas: 1 } }), says: hub },
    {
      rows: ['llmisvc-lora'],
      kind,
      body: (model) => ({
        spec: {
          model: {
            ...base(model).model,
            lora: { adapters: [{ name: 'sql', framework: 'vllm', uri: `oci://${model.image}` }] },
          },
        },
      }),
      says: oci,
    },
    pods('by its template', (model) => ({ template: podSpec(model) })),
    pods('by its worker', (model) => ({ ...base(model), worker: podSpec(model) })),
    pods('by the template of prefill', (model) => ({ ...base(model), prefill: { template: podSpec(model) } })),
    pods('by the worker of prefill', (model) => ({ ...base(model), prefill: { worker: podSpec(model) } })),
    pods('by its scheduler', (model) => ({
      ...base(model),
      router: { gateway: {}, route: {}, scheduler: { template: podSpec(model) } },
    })),
  ];
});

const KSERVE: readonly Sample[] = [
  {
    rows: ['trained-model'],
    kind: 'serving.kserve.io/TrainedModel',
    body: (model) => ({
      spec: { inferenceService: 'triton', model: { framework: 'onnx', memory: '1Gi', storageUri: model.s3 } },
    }),
    says: s3,
  },
  ...['LocalModelCache', 'LocalModelNamespaceCache'].map((kind) => ({
    rows: ['local-model-cache'],
    kind: `serving.kserve.io/${kind}`,
    body: (model: Model) => ({
      spec: { modelSize: '10Gi', nodeGroups: ['gpu'], sourceModelUri: `hf://${model.repo}@${model.commit}` },
    }),
    says: hub,
  })),
  ...['ServingRuntime', 'ClusterServingRuntime'].flatMap((kind): readonly Sample[] => [
    {
      rows: ['kserve-runtime'],
      kind: `serving.kserve.io/${kind}`,
      body: (model) => ({ spec: { supportedModelFormats: [{ name: 'vllm', autoSelect: true }], ...podSpec(model) } }),
      says: hub,
    },
    {
      rows: ['kserve-runtime'],
      kind: `serving.kserve.io/${kind}`,
      title: 'by its workers',
      body: (model) => ({ spec: { ...podSpec(model), workerSpec: { pipelineParallelSize: 2, ...podSpec(model) } } }),
      says: hub,
    },
  ]),
];

const OTHERS: readonly Sample[] = [
  ...['Service', 'Configuration'].map((kind) => ({
    rows: ['knative'],
    kind: `serving.knative.dev/${kind}`,
    body: (model: Model) => ({ spec: { template: { spec: { containerConcurrency: 1, ...podSpec(model) } } } }),
    says: hub,
  })),
  {
    rows: ['knative'],
    kind: 'serving.knative.dev/Revision',
    body: (model) => ({ spec: { containerConcurrency: 1, ...podSpec(model) } }),
    says: hub,
  },
  {
    rows: ['seldon-v1-pods'],
    kind: 'machinelearning.seldon.io/SeldonDeployment',
    body: (model) => ({
      spec: {
        predictors: [
          {
            name: 'default',
            graph: { name: 'server', type: 'MODEL' },
            componentSpecs: [{ spec: podSpec(model) }],
          },
        ],
      },
    }),
    says: hub,
  },
  {
    rows: ['seldon-graph'],
    kind: 'machinelearning.seldon.io/SeldonDeployment',
    title: 'deep in its graph',
    body: (model) => ({
      spec: {
        predictors: [
          {
            name: 'default',
            graph: {
              name: 'router',
              type: 'ROUTER',
              children: [
                { name: 'a', implementation: 'SKLEARN_SERVER', modelUri: model.s3 },
                { name: 'b', type: 'TRANSFORMER', children: [{ name: 'c', modelUri: model.s3 }] },
              ],
            },
          },
        ],
      },
    }),
    says: s3,
  },
  {
    rows: ['seldon-explainer'],
    kind: 'machinelearning.seldon.io/SeldonDeployment',
    title: 'by its explainer',
    body: (model) => ({
      spec: {
        predictors: [
          {
            name: 'default',
            graph: { name: 'income', implementation: 'SKLEARN_SERVER', modelUri: model.s3 },
            explainer: { type: 'AnchorTabular', modelUri: model.s3 },
          },
        ],
      },
    }),
    says: s3,
  },
  {
    rows: ['seldon-model'],
    kind: 'mlops.seldon.io/Model',
    body: (model) => ({ spec: { storageUri: model.s3, requirements: ['sklearn'] } }),
    says: s3,
  },
  {
    rows: ['seldon-schema'],
    kind: 'mlops.seldon.io/Model',
    title: 'by its schema',
    body: (model) => ({ spec: { storageUri: model.s3, schemaUri: model.s3, requirements: ['sklearn'] } }),
    says: s3,
  },
  {
    rows: ['aibrix-podset'],
    kind: 'orchestration.aibrix.ai/PodSet',
    body: (model) => ({ spec: { podGroupSize: 2, template: template(podSpec(model)) } }),
    says: hub,
  },
  {
    rows: ['aibrix-adapter'],
    kind: 'model.aibrix.ai/ModelAdapter',
    body: ({ repo, commit }) => ({
      spec: {
        baseModel: 'llama',
        podSelector: { matchLabels: { 'model.aibrix.ai/name': 'llama' } },
        artifactURL: `huggingface://${repo}@${commit}`,
      },
    }),
    says: hub,
  },
  {
    rows: ['kubeai-url'],
    kind: 'kubeai.org/Model',
    body: (model) => ({
      spec: { features: ['TextGeneration'], url: model.hub, engine: 'VLLM', resourceProfile: 'l4:1' },
    }),
    says: hub,
  },
  {
    rows: ['kubeai-adapters'],
    kind: 'kubeai.org/Model',
    title: 'by an adapter',
    body: (model) => ({ spec: { url: model.hub, engine: 'VLLM', adapters: [{ name: 'sql', url: model.s3 }] } }),
    says: s3,
  },
  {
    rows: ['kubeai-container'],
    kind: 'kubeai.org/Model',
    title: 'by arguments of the server',
    body: ({ hub: url, repo, commit }) => ({
      spec: {
        url,
        engine: 'VLLM',
        args: [`--speculative-config={"model":"${repo}","revision":"${commit}","num_speculative_tokens":3}`],
      },
    }),
    says: hub,
  },
  {
    rows: ['nimcache-ngc'],
    kind: 'apps.nvidia.com/NIMCache',
    body: ({ image }) => ({
      spec: { source: { ngc: { modelPuller: image, pullSecret: 'ngc', authSecret: 'ngc-api' } } },
    }),
    says: oci,
  },
  ...['hf', 'dataStore'].map((source) => ({
    rows: [source === 'hf' ? 'nimcache-hf' : 'nimcache-datastore'],
    kind: 'apps.nvidia.com/NIMCache',
    title: source,
    body: ({ repo, commit }: Model) => ({
      spec: {
        source: {
          [source]: {
            endpoint: 'https://huggingface.co',
            namespace: repo.split('/')[0],
            modelName: repo.split('/')[1],
            revision: commit,
            authSecret: 'hf',
          },
        },
      },
    }),
    says: hub,
  })),
  ...['hf', 'dataStore'].map((source) => ({
    rows: [source === 'hf' ? 'nimcache-hf-dataset' : 'nimcache-datastore-data'],
    kind: 'apps.nvidia.com/NIMCache',
    title: `${source}, data`,
    body: ({ repo, commit }: Model) => ({
      spec: {
        source: {
          [source]: {
            endpoint: 'https://huggingface.co',
            namespace: repo.split('/')[0],
            datasetName: repo.split('/')[1],
            revision: commit,
          },
        },
      },
    }),
    says: hub,
    isData: true as const,
  })),
  {
    rows: ['nimservice-image', 'nimservice-container'],
    kind: 'apps.nvidia.com/NIMService',
    body: ({ image }) => {
      const [repository, tag] = image.split('@');
      return { spec: { image: { repository, tag, pullPolicy: 'IfNotPresent' }, authSecret: 'ngc-api', replicas: 1 } };
    },
    says: oci,
  },
  {
    rows: ['nimservice-container'],
    kind: 'apps.nvidia.com/NIMService',
    title: 'by its variables',
    body: (model) => {
      const [repository, tag] = model.image.split('@');
      return { spec: { image: { repository, tag }, env: [{ name: 'NIM_FT_MODEL', value: model.s3 }] } };
    },
    says: s3,
  },
  {
    rows: ['vllm-runtime'],
    kind: 'production-stack.vllm.ai/VLLMRuntime',
    body: ({ repo, commit }) => ({
      spec: { model: { modelURL: `${repo}@${commit}`, dtype: 'bfloat16', maxModelLen: 4096 } },
    }),
    says: hub,
  },
  ...['repository', 'adapterPath'].map((field) => ({
    rows: ['vllm-lora-adapter'],
    kind: 'production-stack.vllm.ai/LoraAdapter',
    title: field,
    body: ({ repo, commit }: Model) => ({
      spec: {
        baseModel: 'llama',
        adapterSource: { type: 'huggingface', adapterName: 'sql', [field]: `${repo}@${commit}` },
        loraAdapterDeploymentConfig: { algorithm: 'default', replicas: 1 },
      },
    }),
    says: hub,
  })),
  ...['BaseModel', 'ClusterBaseModel', 'FineTunedWeight'].map((kind) => ({
    rows: ['ome-model'],
    kind: `ome.io/${kind}`,
    body: ({ repo, commit }: Model) => ({
      spec: {
        modelFormat: { name: 'safetensors' },
        storage: { storageUri: `hf://${repo}@${commit}`, path: '/raid/models/llama' },
      },
    }),
    says: hub,
  })),
  ...['Bento', 'BentoRequest'].map((kind) => ({
    rows: ['bento-image'],
    kind: `resources.yatai.ai/${kind}`,
    title: 'by its image',
    body: ({ image }: Model) => ({ spec: { image } }),
    says: oci,
  })),
];

/** Serving: KServe, Knative, Seldon, AIBrix, kubeai, NIM, vLLM's production stack, OME, Yatai. */
export const SERVING: readonly Sample[] = [...INFERENCE_SERVICE, ...LLM_SERVICE, ...KSERVE, ...OTHERS];
