import { APPROVED, type Model } from '../models.ts';
import { hub, type Refused, type Sample, s3 } from '../sample.ts';

interface Program {
  readonly row: string;
  readonly title?: string;
  readonly container: (model: Model) => Readonly<Record<string, unknown>>;
  readonly says?: (model: Model) => string;
}

const env = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));
/** A file of a repository, at its commit. */
const resolved = ({ repo, commit }: Model, file: string) => `https://huggingface.co/${repo}/resolve/${commit}/${file}`;

/** Servers and tools as users start them, each with a pinned model. */
const LINES: readonly Program[] = [
  {
    row: 'vllm',
    title: 'serve MODEL',
    container: ({ repo, commit }) => ({
      image: 'vllm/vllm-openai:v0.11.0',
      command: ['vllm', 'serve', repo, '--revision', commit, '--port', '8000', '--max-model-len', '4096'],
    }),
  },
  {
    row: 'vllm',
    title: 'the module, with = and _',
    container: ({ repo, commit }) => ({
      image: 'ghcr.io/acme/inference:5',
      command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
      args: [`--model=${repo}`, `--revision=${commit}`, '--tensor_parallel_size=2'],
    }),
  },
  {
    row: 'vllm',
    title: 'a draft in JSON',
    container: ({ repo, commit }) => ({
      image: 'vllm/vllm-openai:v0.11.0',
      args: [
        '--model',
        repo,
        '--revision',
        commit,
        '--speculative-config',
        JSON.stringify({ model: repo, revision: commit, num_speculative_tokens: 4 }),
      ],
    }),
  },
  {
    row: 'vllm',
    title: 'an adapter',
    container: ({ repo, commit, s3: adapter }) => ({
      image: 'vllm/vllm-openai:v0.11.0',
      args: ['--model', repo, '--revision', commit, '--enable-lora', '--lora-modules', `sql=${adapter}`],
    }),
    says: s3,
  },
  {
    row: 'tgi',
    title: 'by variables',
    container: ({ repo, commit }) => ({
      image: 'ghcr.io/huggingface/text-generation-inference:3.3.5',
      env: env({ MODEL_ID: repo, REVISION: commit, NUM_SHARD: '2' }),
    }),
  },
  {
    row: 'tgi',
    title: 'embeddings, by arguments',
    container: ({ repo, commit }) => ({
      image: 'ghcr.io/huggingface/text-embeddings-inference:1.8',
      args: [`--model-id=${repo}`, '--revision', commit, '--port', '8080'],
    }),
  },
  {
    row: 'kserve-huggingface',
    container: ({ repo, commit }) => ({
      image: 'kserve/huggingfaceserver:v0.15.0-gpu',
      args: ['--model_name=llm', `--model_id=${repo}`, `--model_revision=${commit}`],
    }),
  },
  {
    row: 'hf-toolkit',
    container: ({ repo, commit }) => ({
      image: 'us-docker.pkg.dev/deeplearning-platform-release/gcr.io/huggingface-pytorch-inference:v1',
      env: env({ HF_MODEL_ID: repo, HF_MODEL_REVISION: commit, HF_TASK: 'text-classification' }),
    }),
  },
  {
    row: 'djl',
    container: ({ repo, commit }) => ({
      image: 'deepjavalibrary/djl-serving:0.34.0-lmi',
      env: env({ OPTION_MODEL_ID: repo, OPTION_REVISION: commit, OPTION_ROLLING_BATCH: 'vllm' }),
    }),
  },
  {
    row: 'sglang',
    container: ({ repo, commit }) => ({
      image: 'lmsysorg/sglang:v0.5.3',
      command: ['python3', '-m', 'sglang.launch_server'],
      args: ['--model-path', repo, '--revision', commit, '--host', '0.0.0.0', '--tp', '2', '--admin-api-key=$(KEY)'],
    }),
  },
  {
    row: 'llama.cpp',
    title: 'a file of the Hub at its commit',
    container: (model) => ({
      image: 'ghcr.io/ggml-org/llama.cpp:server',
      args: ['-mu', resolved(model, 'model-Q4_K_M.gguf'), '-c', '4096', '--host', '0.0.0.0'],
    }),
    says: (model) => `${model.hub}/model-Q4_K_M.gguf`,
  },
  {
    row: 'llama.cpp',
    title: 'by a variable',
    container: (model) => ({
      image: 'ghcr.io/ggml-org/llama.cpp:server-cuda',
      env: env({ LLAMA_ARG_MODEL_URL: model.https, LLAMA_ARG_CTX_SIZE: '4096' }),
    }),
    says: ({ https }) => https,
  },
  {
    row: 'triton',
    container: ({ s3: repository }) => ({
      image: 'nvcr.io/nvidia/tritonserver:25.09-py3',
      command: ['tritonserver'],
      args: [`--model-repository=${repository}`, '--http-port=8000'],
    }),
    says: s3,
  },
  {
    row: 'mlflow',
    container: ({ registered }) => ({
      image: 'ghcr.io/mlflow/mlflow:v3.4.0',
      command: ['mlflow', 'models', 'serve'],
      args: ['-m', registered, '--host', '0.0.0.0', '--env-manager', 'local'],
    }),
    says: ({ registered }) => registered,
  },
  {
    row: 'nim',
    container: ({ s3: folder }) => ({
      image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.13',
      env: env({ NIM_PEFT_SOURCE: folder, NIM_HTTP_API_PORT: '8000' }),
    }),
    says: s3,
  },
  {
    row: 'kserve-storage-initializer',
    container: ({ s3: uri }) => ({ image: 'kserve/storage-initializer:v0.15.0', args: [uri, '/mnt/models'] }),
    says: s3,
  },
  {
    row: 'hf-cli',
    container: ({ repo, commit }) => ({
      image: 'ghcr.io/acme/hub-cli:1',
      command: ['hf', 'download', repo, '--revision', commit, '--local-dir', '/models'],
    }),
  },
  {
    row: 'training',
    container: ({ repo, commit }) => ({
      image: 'ghcr.io/acme/train:7',
      command: ['accelerate', 'launch', 'run_clm.py'],
      args: ['--model_name_or_path', repo, '--model_revision', commit, '--output_dir', '/out'],
    }),
  },
  {
    row: 'hub-offline',
    container: ({ repo, commit }) => ({
      image: 'vllm/vllm-openai:v0.11.0',
      args: ['--model', repo, '--revision', commit],
      env: env({ HF_TOKEN_PATH: '/run/hf' }),
    }),
  },
];

export const PROGRAM_LINES: readonly Sample[] = LINES.map(({ row, title, container, says = hub }) => ({
  rows: [row],
  kind: '/Pod',
  title: title === undefined ? row : `${row}: ${title}`,
  body: (model) => ({ spec: { containers: [{ name: 'server', ...container(model) }] } }),
  says,
}));

const pod = (container: object, spec: object = {}) => ({
  spec: { containers: [{ name: 'server', image: 'ghcr.io/acme/server:1', ...container }], ...spec },
});
const pods = (title: string, rows: readonly string[], says: RegExp, container: object, spec?: object): Refused => ({
  rows,
  kind: '/Pod',
  title,
  body: pod(container, spec),
  says,
});
const SECRET = { valueFrom: { secretKeyRef: { name: 'models', key: 'id' } } };
const VLLM = 'vllm/vllm-openai:v0.11.0';

/** Models that an object does not name, or names without a pin. */
export const UNTOLD: readonly Refused[] = [
  pods('an approved file that TorchServe is told', ['torchserve'], /TorchServe loads every model/, {
    image: APPROVED.image,
    command: [
      'torchserve',
      '--start',
      '--model-store',
      '/home/model-server/store',
      '--models',
      `llm=${APPROVED.https}`,
    ],
  }),
  pods('an approved folder that TensorFlow Serving is told', ['tf-serving'], /TensorFlow Serving loads every model/, {
    image: 'tensorflow/serving:2.19.1',
    args: ['--port=8500', '--rest_api_port=8501', `--model_base_path=${APPROVED.s3}`],
  }),
  pods('a branch', [], /hf:\/\/acme\/llama@main/, {
    image: VLLM,
    args: ['--model', 'acme/llama', '--revision', 'main'],
  }),
  pods('no revision', [], /hf:\/\/acme\/llama/, { image: VLLM, args: ['--model', 'acme/llama'] }),
  pods(
    'an image by its tag',
    ['volume-image'],
    /oci:\/\/ghcr\.io\/acme\/llama:1/,
    {},
    {
      volumes: [{ name: 'llm', image: { reference: 'ghcr.io/acme/llama:1' } }],
    },
  ),
  pods(
    'a claim',
    ['volume-pvc'],
    /pvc:\/\/models/,
    {
      image: VLLM,
      args: ['--model', '/models/llama'],
      volumeMounts: [{ name: 'models', mountPath: '/models' }],
    },
    { volumes: [{ name: 'models', persistentVolumeClaim: { claimName: 'models' } }] },
  ),
  pods(
    'a folder of the node',
    ['volume-host'],
    /node:\/\/\/srv\/models/,
    {
      image: VLLM,
      args: ['--model', '/models/llama'],
      volumeMounts: [{ name: 'models', mountPath: '/models' }],
    },
    { volumes: [{ name: 'models', hostPath: { path: '/srv/models' } }] },
  ),
  pods(
    'a bucket of Google',
    ['gcsfuse.csi.storage.gke.io:bucketName'],
    /gs:\/\/models/,
    {},
    {
      volumes: [
        { name: 'm', csi: { driver: 'gcsfuse.csi.storage.gke.io', volumeAttributes: { bucketName: 'models' } } },
      ],
    },
  ),
  pods(
    'a bucket of Amazon',
    ['s3.csi.aws.com:bucketName'],
    /s3:\/\/models/,
    {},
    {
      volumes: [{ name: 'm', csi: { driver: 's3.csi.aws.com', volumeAttributes: { bucketName: 'models' } } }],
    },
  ),
  pods(
    'a folder that nobody known fills',
    ['volume-empty'],
    /starts empty/,
    {
      image: VLLM,
      args: ['--model', '/models/llama'],
      volumeMounts: [{ name: 'models', mountPath: '/models' }],
    },
    { volumes: [{ name: 'models', emptyDir: {} }] },
  ),
  pods('a variable of a secret', ['tgi'], /MODEL_ID is set from secretKeyRef/, {
    env: [{ name: 'MODEL_ID', ...SECRET }],
  }),
  pods('variables of a ConfigMap', [], /configMapRef settings/, { envFrom: [{ configMapRef: { name: 'settings' } }] }),
  pods('a shell script', [], /script/, { command: ['/bin/sh', '-c'], args: ['exec vllm serve "$MODEL"'] }),
  pods('a file of settings', ['vllm'], /file/, { image: VLLM, args: ['--config', '/etc/vllm.yaml'] }),
  pods('a server of a secret', ['hf-endpoint'], /HF_ENDPOINT.* set from secretKeyRef/, {
    image: VLLM,
    args: ['--model', 'acme/llama'],
    env: [{ name: 'HF_ENDPOINT', ...SECRET }],
  }),
  pods('a model of Ollama', ['ollama'], /ollama:\/\/llama3:8b/, {
    image: 'ollama/ollama:0.12.3',
    lifecycle: { postStart: { exec: { command: ['ollama', 'pull', 'llama3:8b'] } } },
  }),
  pods('a model of NGC', ['nim'], /ngc:\/\/meta\/llama-3.1-8b-instruct/, {
    image: 'nvcr.io/nim/meta/llm-nim:1.13',
    env: env({ NIM_MODEL_NAME: 'meta/llama-3.1-8b-instruct' }),
  }),
  pods('ModelScope in place of the Hub', ['use-modelscope'], /modelscope:\/\/acme\/llama/, {
    image: VLLM,
    args: ['--model', 'acme/llama'],
    env: env({ VLLM_USE_MODELSCOPE: 'True' }),
  }),
];

const custom = (
  kind: string,
  rows: readonly string[],
  says: RegExp,
  body: Refused['body'],
  title?: string,
): Refused => ({
  kind,
  rows,
  says,
  body,
  ...(title === undefined ? {} : { title }),
});
const PREDICTORS = 'model sklearn xgboost tensorflow pytorch triton onnx huggingface pmml lightgbm paddle'.split(' ');
const RESOURCE = { instanceType: 'Standard_NC24ads_A100_v4', labelSelector: { matchLabels: { apps: 'phi' } } };

/** Fields of custom resources that refer to data outside the object, or that have no form with a pin. */
export const UNTOLD_FIELDS: readonly Refused[] = [
  ...PREDICTORS.map((name) =>
    custom('serving.kserve.io/InferenceService', ['isvc-storage'], /secret/, {
      spec: { predictor: { [name]: { storage: { key: 'minio', path: 'iris', parameters: { bucket: 'm' } } } } },
    }),
  ),
  ...['LLMInferenceService', 'LLMInferenceServiceConfig'].map((kind) =>
    custom(`serving.kserve.io/${kind}`, ['llmisvc-base'], /inherits from another object/, {
      spec: { baseRefs: [{ name: 'llama-70b' }], replicas: 3 },
    }),
  ),
  custom('kaito.sh/Workspace', ['kaito-preset'], /kaito:\/\/phi-4-mini-instruct/, {
    resource: RESOURCE,
    inference: { preset: { name: 'phi-4-mini-instruct' } },
  }),
  custom('kaito.sh/Workspace', ['kaito-tuning-preset'], /kaito:\/\/phi-4/, {
    resource: RESOURCE,
    tuning: { preset: { name: 'phi-4' }, method: 'qlora' },
  }),
  ...['inference', 'tuning'].map((field) =>
    custom('kaito.sh/Workspace', ['kaito-config'], /ConfigMap/, {
      resource: RESOURCE,
      [field]: { config: 'settings' },
    }),
  ),
  custom('kubeai.org/Model', ['kubeai-files'], /a file is put into the container/, {
    spec: { url: 's3://models/llama', engine: 'VLLM', files: [{ path: '/config/template.jinja', content: '{{ x }}' }] },
  }),
  custom(
    'kubeai.org/Model',
    ['kubeai-url'],
    /ollama:\/\/llama3:8b/,
    { spec: { url: 'ollama://llama3:8b', engine: 'OLlama' } },
    'Ollama',
  ),
  custom('apps.nvidia.com/NIMCache', ['nimcache-endpoint'], /ngc:\/\/nim\/meta\/llama/, {
    spec: { source: { ngc: { modelEndpoint: 'nim/meta/llama', authSecret: 'ngc-api' } } },
  }),
  custom('apps.nvidia.com/NIMService', ['nimservice-cache'], /what a NIMCache holds/, {
    spec: { image: { repository: 'nvcr.io/nim/meta/llama', tag: '1.3' }, storage: { nimCache: { name: 'llama' } } },
  }),
  ...['Bento', 'BentoRequest'].map((kind) =>
    custom(`resources.yatai.ai/${kind}`, ['bento-tag'], /bento:\/\/iris:1/, {
      spec: { [kind === 'Bento' ? 'tag' : 'bentoTag']: 'iris:1' },
    }),
  ),
  ...['Bento', 'BentoRequest'].map((kind) =>
    custom(`resources.yatai.ai/${kind}`, ['bento-models'], /bento:\/\/iris-model:2/, {
      spec: { image: 'ghcr.io/acme/bento:1', runners: [{ name: 'iris', modelTags: ['iris-model:2'] }] },
    }),
  ),
  custom('ollama.ayaka.io/Model', ['ollama-operator'], /ollama:\/\/phi/, { spec: { image: 'phi' } }),
];
