import type { FieldRow } from './types.ts';

// Fields of custom resources that name models: one row a field, with the page that documents its kind.

const KSERVE = 'https://kserve.github.io/website/docs/reference/crd-api';
const RUNTIMES = '{model,sklearn,xgboost,tensorflow,pytorch,triton,onnx,huggingface,pmml,lightgbm,paddle}';
const KSERVE_GROUP = { group: 'serving.kserve.io', see: KSERVE, pins: 'colon' } as const;
const ISVC = { ...KSERVE_GROUP, kinds: ['InferenceService'] };
const LLM = { ...KSERVE_GROUP, kinds: ['LLMInferenceService', 'LLMInferenceServiceConfig'] };
const KAITO = { group: 'kaito.sh', kinds: ['Workspace'], see: 'https://kaito-project.github.io/kaito/docs/' };
const RAG_ENGINE = {
  group: 'kaito.sh',
  kinds: ['RAGEngine'],
  see: 'https://kaito-project.github.io/kaito/docs/rag',
};
const NIM_CACHE = {
  group: 'apps.nvidia.com',
  kinds: ['NIMCache'],
  see: 'https://docs.nvidia.com/nim-operator/latest/cache.html',
};
const NIM_SERVICE = {
  group: 'apps.nvidia.com',
  kinds: ['NIMService'],
  see: 'https://docs.nvidia.com/nim-operator/latest/service.html',
};
const SELDON = {
  group: 'machinelearning.seldon.io',
  kinds: ['SeldonDeployment'],
  see: 'https://docs.seldon.ai/seldon-core-1/configuration/servers/overview',
};
const SELDON_2 = {
  group: 'mlops.seldon.io',
  kinds: ['Model'],
  see: 'https://docs.seldon.ai/seldon-core-2/user-guide/kubernetes-resources/model',
};
const KUBEAI = { group: 'kubeai.org', kinds: ['Model'], see: 'https://www.kubeai.org/reference/kubernetes-api/' };
const TRAIN_JOB = {
  group: 'trainer.kubeflow.org',
  kinds: ['TrainJob'],
  see: 'https://www.kubeflow.org/docs/components/trainer/reference/',
};
const BENTO = {
  group: 'resources.yatai.ai',
  kinds: ['Bento', 'BentoRequest'],
  see: 'https://docs.yatai.io/en/latest/concepts/bento_crd.html',
};
const URI = { finds: 'model', bare: 'path' } as const;
const HUB_PARTS = { parts: ['namespace', 'modelName'], revision: 'revision', endpoint: 'endpoint' } as const;
const DATA_PARTS = { parts: ['namespace', 'datasetName'], revision: 'revision', endpoint: 'endpoint' } as const;

export const FIELDS: readonly FieldRow[] = [
  { ...ISVC, id: 'isvc-storage-uri', path: `spec.predictor.${RUNTIMES}.storageUri`, what: URI },
  { ...ISVC, id: 'isvc-canary-uri', path: 'spec.canary[].predictor.model.storageUri', what: URI },
  {
    ...ISVC,
    id: 'isvc-storage',
    path: `spec.predictor.${RUNTIMES}.storage`,
    what: { unread: 'the bucket and its server are in a secret' },
  },
  { ...ISVC, id: 'isvc-storage-uris', path: 'spec.predictor.storageUris[].uri', what: URI },
  { ...ISVC, id: 'isvc-transformer-uris', path: 'spec.transformer.storageUris[].uri', what: URI },
  { ...ISVC, id: 'isvc-explainer-uri', path: 'spec.explainer.art.storageUri', what: URI },
  { ...LLM, id: 'llmisvc-model', path: 'spec.model.uri', what: { finds: 'model' } },
  { ...LLM, id: 'llmisvc-lora', path: 'spec.model.lora.adapters[].uri', what: { finds: 'lora' } },
  { ...LLM, id: 'llmisvc-base', path: 'spec.baseRefs[]', what: { unread: 'inherits from another object' } },
  { ...KSERVE_GROUP, id: 'trained-model', kinds: ['TrainedModel'], path: 'spec.model.storageUri', what: URI },
  {
    ...KSERVE_GROUP,
    id: 'local-model-cache',
    kinds: ['LocalModelCache', 'LocalModelNamespaceCache'],
    path: 'spec.sourceModelUri',
    what: URI,
  },
  {
    ...SELDON_2,
    id: 'seldon-model',
    path: 'spec',
    what: { finds: 'model', bare: 'path', parts: ['storageUri'], revision: 'artifactVersion' },
  },
  { ...SELDON_2, id: 'seldon-schema', path: 'spec.schemaUri', what: { finds: 'code', bare: 'path' } },
  { ...SELDON, id: 'seldon-graph', path: 'spec.predictors[].graph.(children[])*.modelUri', what: URI },
  { ...SELDON, id: 'seldon-explainer', path: 'spec.predictors[].explainer.modelUri', what: URI },
  {
    id: 'rayservice-serve',
    group: 'ray.io',
    kinds: ['RayService'],
    path: 'spec.serveConfigV2',
    what: { reads: 'ray-serve' },
    see: 'https://docs.ray.io/en/latest/serve/llm/index.html',
  },
  {
    id: 'rayjob-entrypoint',
    group: 'ray.io',
    kinds: ['RayJob'],
    path: 'spec.entrypoint',
    what: { reads: 'command-line' },
    see: 'https://docs.ray.io/en/latest/cluster/kubernetes/getting-started/rayjob-quick-start.html',
  },
  {
    id: 'rayjob-environment',
    group: 'ray.io',
    kinds: ['RayJob'],
    path: 'spec.runtimeEnvYAML',
    what: { reads: 'ray-environment' },
    see: 'https://docs.ray.io/en/latest/ray-core/handling-dependencies.html#runtime-environments',
  },
  { ...TRAIN_JOB, id: 'trainjob-model', path: 'spec.initializer.model.storageUri', what: URI },
  {
    ...TRAIN_JOB,
    id: 'trainjob-dataset',
    path: 'spec.initializer.dataset.storageUri',
    what: { finds: 'dataset', bare: 'path' },
  },
  { ...KAITO, id: 'kaito-preset', path: 'inference.preset.name', what: { finds: 'model', bare: 'preset' } },
  {
    ...KAITO,
    id: 'kaito-preset-image',
    path: '{inference,tuning}.preset.presetOptions.image',
    what: { finds: 'model', bare: 'image' },
  },
  {
    ...KAITO,
    id: 'kaito-adapter-image',
    path: 'inference.adapters[].source.image',
    what: { finds: 'lora', bare: 'image' },
  },
  {
    ...KAITO,
    id: 'kaito-adapter-urls',
    path: 'inference.adapters[].source.urls[]',
    what: { finds: 'lora', bare: 'path' },
  },
  { ...KAITO, id: 'kaito-config', path: '{inference,tuning}.config', what: { unread: 'settings are in a ConfigMap' } },
  { ...KAITO, id: 'kaito-tuning-preset', path: 'tuning.preset.name', what: { finds: 'model', bare: 'preset' } },
  { ...KAITO, id: 'kaito-tuning-image', path: 'tuning.input.image', what: { finds: 'dataset', bare: 'image' } },
  { ...KAITO, id: 'kaito-tuning-urls', path: 'tuning.input.urls[]', what: { finds: 'dataset', bare: 'path' } },
  { ...RAG_ENGINE, id: 'kaito-embedding', path: 'spec.embedding.local.modelID', what: { finds: 'model' } },
  {
    ...RAG_ENGINE,
    id: 'kaito-embedding-image',
    path: 'spec.embedding.local.image',
    what: { finds: 'model', bare: 'image' },
  },
  { ...KUBEAI, id: 'kubeai-url', path: 'spec.url', what: URI },
  { ...KUBEAI, id: 'kubeai-adapters', path: 'spec.adapters[].url', what: { finds: 'lora', bare: 'path' } },
  { ...KUBEAI, id: 'kubeai-files', path: 'spec.files[]', what: { unread: 'a file is put into the container' } },
  { ...NIM_CACHE, id: 'nimcache-ngc', path: 'spec.source.ngc.modelPuller', what: { finds: 'image', bare: 'image' } },
  {
    ...NIM_CACHE,
    id: 'nimcache-endpoint',
    path: 'spec.source.ngc.modelEndpoint',
    what: { finds: 'model', bare: 'ngc' },
  },
  { ...NIM_CACHE, id: 'nimcache-hf', path: 'spec.source.hf', what: { finds: 'model', ...HUB_PARTS } },
  { ...NIM_CACHE, id: 'nimcache-hf-dataset', path: 'spec.source.hf', what: { finds: 'dataset', ...DATA_PARTS } },
  { ...NIM_CACHE, id: 'nimcache-datastore', path: 'spec.source.dataStore', what: { finds: 'model', ...HUB_PARTS } },
  {
    ...NIM_CACHE,
    id: 'nimcache-datastore-data',
    path: 'spec.source.dataStore',
    what: { finds: 'dataset', ...DATA_PARTS },
  },
  {
    ...NIM_SERVICE,
    id: 'nimservice-image',
    path: 'spec.image',
    what: { finds: 'image', bare: 'image', parts: ['repository', 'tag'] },
  },
  {
    ...NIM_SERVICE,
    id: 'nimservice-cache',
    path: 'spec.storage.nimCache.name',
    what: { unread: 'the model is what a NIMCache holds' },
  },
  {
    id: 'vllm-runtime',
    group: 'production-stack.vllm.ai',
    kinds: ['VLLMRuntime'],
    path: 'spec.model.modelURL',
    what: { finds: 'model' },
    see: 'https://docs.vllm.ai/projects/production-stack/en/latest/',
  },
  {
    id: 'vllm-lora-adapter',
    group: 'production-stack.vllm.ai',
    kinds: ['LoraAdapter'],
    path: 'spec.adapterSource.{repository,adapterPath}',
    what: { finds: 'lora' },
    see: 'https://docs.vllm.ai/projects/production-stack/en/latest/',
  },
  {
    id: 'aibrix-adapter',
    group: 'model.aibrix.ai',
    kinds: ['ModelAdapter'],
    path: 'spec.artifactURL',
    what: { finds: 'lora' },
    see: 'https://aibrix.readthedocs.io/latest/features/lora-dynamic-loading.html',
  },
  {
    id: 'ome-model',
    group: 'ome.io',
    kinds: ['BaseModel', 'ClusterBaseModel', 'FineTunedWeight'],
    path: 'spec.storage.storageUri',
    what: { finds: 'model' },
    pins: 'at',
    see: 'https://docs.sglang.ai/ome/docs/concepts/base_model/',
  },
  { ...BENTO, id: 'bento-tag', path: 'spec.{tag,bentoTag}', what: { finds: 'model', bare: 'bento' } },
  { ...BENTO, id: 'bento-image', path: 'spec.image', what: { finds: 'image', bare: 'image' } },
  { ...BENTO, id: 'bento-models', path: 'spec.runners[].modelTags[]', what: { finds: 'model', bare: 'bento' } },
  {
    id: 'ollama-operator',
    group: 'ollama.ayaka.io',
    kinds: ['Model'],
    path: 'spec.image',
    what: { finds: 'model', bare: 'ollama' },
    see: 'https://ollama-operator.ayaka.io/pages/en/references/crd/model.html',
  },
];
