import type { AnnotationRow, EndpointRow } from './types.ts';

// What is not told to one program: servers, annotations, schemes, images and volumes.

export const ENDPOINTS: readonly EndpointRow[] = [
  {
    id: 'hf-endpoint',
    names: ['HF_ENDPOINT', 'MODEL_ENDPOINT'],
    schemes: ['hf'],
    means: 'address',
    see: 'https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfendpoint',
  },
  {
    id: 'use-modelscope',
    names: ['VLLM_USE_MODELSCOPE', 'SGLANG_USE_MODELSCOPE'],
    schemes: ['hf'],
    means: 'switch',
    see: 'https://docs.vllm.ai/en/stable/models/supported_models.html#modelscope',
  },
  {
    id: 'modelscope-domain',
    names: ['MODELSCOPE_DOMAIN'],
    schemes: ['modelscope'],
    means: 'address',
    see: 'https://modelscope.cn/docs/sdk/environment-variables',
  },
  {
    id: 'aws-endpoint',
    names: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'S3_ENDPOINT', 'S3_ENDPOINT_URL'],
    schemes: ['s3'],
    means: 'address',
    see: 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html',
  },
  {
    id: 'mlflow-server',
    names: ['MLFLOW_REGISTRY_URI', 'MLFLOW_TRACKING_URI'],
    schemes: ['models', 'runs', 'mlflow-artifacts'],
    means: 'address',
    see: 'https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html',
  },
  {
    id: 'gs-emulator',
    names: ['STORAGE_EMULATOR_HOST'],
    schemes: ['gs'],
    means: 'address',
    see: 'https://docs.cloud.google.com/python/docs/reference/storage/latest',
  },
  {
    id: 'nim-repository',
    names: ['NIM_REPOSITORY_OVERRIDE'],
    schemes: ['ngc'],
    means: 'address',
    see: 'https://docs.nvidia.com/nim/large-language-models/latest/configuration.html',
  },
];

export const ANNOTATIONS: readonly AnnotationRow[] = [
  {
    id: 'kserve-sourceuri',
    name: 'internal.serving.kserve.io/storage-initializer-sourceuri',
    finds: 'model',
    pins: 'colon',
    see: 'https://github.com/kserve/kserve/blob/master/pkg/constants/constants.go',
  },
];

/** Schemes that name a model wherever they stand. `s3:`, `gs:` and `https:` may be anything. */
export const MODEL_SCHEMES = [
  'hf:',
  'huggingface:',
  'oci:',
  'oci+native:',
  'oci+modelcar:',
  'oci+fetch:',
  'modelscope:',
  'model-registry:',
  'models:',
  'ollama:',
  'ngc:',
] as const;

/** Container images that are a model, by a part of their name. */
export const MODEL_IMAGES = ['modelcar'] as const;

/** Attribute of a CSI volume -> what it names. */
export const CSI_ATTRIBUTES: Readonly<Record<string, 'image' | 'gs' | 's3'>> = {
  'model.csi.modelpack.org:model.csi.modelpack.org/reference': 'image',
  'gcsfuse.csi.storage.gke.io:bucketName': 'gs',
  's3.csi.aws.com:bucketName': 's3',
};
