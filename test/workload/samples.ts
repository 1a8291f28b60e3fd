import type { BareName } from '../../src/workload/table/types.ts';

/** A value and its reference, for each meaning of a value without a scheme. */
export const VALUES: Readonly<Record<BareName, readonly [value: string, reference: string]>> = {
  hub: ['acme/llama', 'hf://acme/llama'],
  'hub-quant': ['acme/llama:Q4_K_M', 'hf://acme/llama'],
  path: ['s3://bucket/llama/', 's3://bucket/llama/'],
  image: ['ghcr.io/acme/llama:1', 'oci://ghcr.io/acme/llama:1'],
  ollama: ['llama3:8b', 'ollama://llama3:8b'],
  ngc: ['meta/llama', 'ngc://meta/llama'],
  preset: ['phi-4', 'kaito://phi-4'],
  bento: ['iris:1', 'bento://iris:1'],
};

const SERVE = `applications:
- name: llm
  args:
    llm_configs:
    - model_loading_config: { model_id: m, model_source: acme/llama }
`;

type FieldSample = readonly [value: unknown, finds: readonly string[], unresolved?: RegExp];

/** The value of a field and the reference found there, by the id of the row. */
export const FIELD_VALUES: Readonly<Record<string, FieldSample>> = {
  'isvc-storage-uri': ['hf://acme/llama:main', ['hf://acme/llama@main']],
  'isvc-canary-uri': ['gs://bucket/m', ['gs://bucket/m']],
  'isvc-storage': [{ key: 'localMinIO', path: 'sklearn/m' }, [], /secret/],
  'isvc-storage-uris': ['s3://bucket/m', ['s3://bucket/m']],
  'isvc-transformer-uris': ['s3://bucket/m', ['s3://bucket/m']],
  'isvc-explainer-uri': ['s3://bucket/m', ['s3://bucket/m']],
  'llmisvc-model': ['hf://acme/llama', ['hf://acme/llama']],
  'llmisvc-lora': ['hf://acme/lora', ['hf://acme/lora']],
  'llmisvc-base': [{ name: 'base' }, [], /^base: inherits/],
  'trained-model': ['s3://bucket/m', ['s3://bucket/m']],
  'local-model-cache': ['hf://acme/llama', ['hf://acme/llama']],
  'seldon-model': [{ storageUri: 'gs://bucket/m', artifactVersion: 3 }, ['gs://bucket/m']],
  'seldon-schema': ['gs://bucket/schema', ['gs://bucket/schema']],
  'seldon-graph': ['s3://bucket/m', ['s3://bucket/m']],
  'seldon-explainer': ['s3://bucket/m', ['s3://bucket/m']],
  'rayservice-serve': [SERVE, ['hf://acme/llama']],
  'rayjob-entrypoint': ['python train.py --model_name_or_path acme/llama', ['hf://acme/llama']],
  'rayjob-environment': ['working_dir: "s3://bucket/code.zip"', ['s3://bucket/code.zip']],
  'trainjob-model': ['hf://acme/llama', ['hf://acme/llama']],
  'trainjob-dataset': ['hf://acme/data', ['hf://acme/data']],
  'kaito-preset': ['phi-4', ['kaito://phi-4']],
  'kaito-preset-image': ['acr.io/phi:1', ['oci://acr.io/phi:1']],
  'kaito-adapter-image': ['acr.io/lora:1', ['oci://acr.io/lora:1']],
  'kaito-adapter-urls': ['https://example.com/lora.zip', ['https://example.com/lora.zip']],
  'kaito-config': ['settings', [], /^settings: settings are in a ConfigMap/],
  'kaito-tuning-preset': ['phi-4', ['kaito://phi-4']],
  'kaito-tuning-image': ['acr.io/data:1', ['oci://acr.io/data:1']],
  'kaito-tuning-urls': ['https://example.com/data.json', ['https://example.com/data.json']],
  'kaito-embedding': ['BAAI/bge-small-en-v1.5', ['hf://BAAI/bge-small-en-v1.5']],
  'kaito-embedding-image': ['acr.io/bge:1', ['oci://acr.io/bge:1']],
  'kubeai-url': ['ollama://llama3:8b', ['ollama://llama3:8b']],
  'kubeai-adapters': ['hf://acme/lora', ['hf://acme/lora']],
  'kubeai-files': [{ path: '/template', content: 'x' }, [], /^\/template: a file/],
  'nimcache-ngc': ['nvcr.io/nim/meta/llama:1', ['oci://nvcr.io/nim/meta/llama:1']],
  'nimcache-endpoint': ['nim/meta/llama', ['ngc://nim/meta/llama']],
  'nimcache-hf': [{ namespace: 'acme', modelName: 'llama', revision: 'main' }, ['hf://acme/llama@main']],
  'nimcache-hf-dataset': [{ namespace: 'acme', datasetName: 'data' }, ['hf://acme/data']],
  'nimcache-datastore': [
    { namespace: 'acme', modelName: 'llama', endpoint: 'http://ds:3000/v1/hf' },
    ['hf://acme/llama'],
  ],
  'nimcache-datastore-data': [{ namespace: 'acme', datasetName: 'data' }, ['hf://acme/data']],
  'nimservice-image': [{ repository: 'nvcr.io/nim/meta/llama', tag: '1.3' }, ['oci://nvcr.io/nim/meta/llama:1.3']],
  'nimservice-cache': ['cache', [], /^cache: the model is what a NIMCache holds/],
  'vllm-runtime': ['acme/llama', ['hf://acme/llama']],
  'vllm-lora-adapter': ['acme/lora', ['hf://acme/lora']],
  'aibrix-adapter': ['huggingface://acme/lora', ['hf://acme/lora']],
  'ome-model': ['hf://acme/llama@main', ['hf://acme/llama@main']],
  'bento-tag': ['iris:1', ['bento://iris:1']],
  'bento-image': ['reg.io/bento:1', ['oci://reg.io/bento:1']],
  'bento-models': ['iris-model:2', ['bento://iris-model:2']],
  'ollama-operator': ['phi', ['ollama://phi']],
};
