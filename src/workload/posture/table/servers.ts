import type { InertVariable } from './variables.ts';

// Programs that load models and can be understood to the last word: how each is started, and what says nothing of what it loads.
// What names a model is in the rows of `../../table/programs.ts`. What is in neither is unknown, however harmless it is. Addresses of
// other machines are not here: those of a group send each other pickled objects.

export interface Grammar {
  readonly id: string;
  readonly title: string;
  readonly see: string;
  /** The row of the tables that says what names a model. */
  readonly row: string;
  /** Words that start it. The first is a program; `python` stands for every name of it. */
  readonly starts: readonly (readonly string[])[];
  /** Repositories of its publisher whose images start it by themselves. */
  readonly repositories: readonly string[];
  /** Options that stand alone. */
  readonly switches: ReadonlySet<string>;
  /** Options with one value. */
  readonly values: ReadonlySet<string>;
  /** Options whose values must be one of these; others of their values name a model, or code. */
  readonly chosen: Readonly<Record<string, RegExp>>;
  /** Options that name a folder which it writes, and then loads from. */
  readonly places: ReadonlySet<string>;
  readonly env: Readonly<Record<string, InertVariable>>;
  /** `first`: words without an option may only follow the start, one of them. `all`: the first names a model, others files of it. */
  readonly words: 'none' | 'first' | 'all' | 'pairs';
  /** Told no model, it loads one of its own. */
  readonly hasDefault: boolean;
  /** Told no model, it loads this folder. */
  readonly defaultFolder?: string;
  /** Without this option, its API loads other models while it runs. */
  readonly needs?: { readonly option: string; readonly why: string };
}

const set = (...lists: readonly string[]): ReadonlySet<string> =>
  new Set(
    lists
      .join(' ')
      .split(/\s+/)
      .filter((word) => word !== ''),
  );

const SWITCH = /^(?:0|1|true|false)?$/i;

/** https://docs.vllm.ai/en/stable/cli/serve/ */
const VLLM_SWITCHES = `
  --enforce-eager --enable-prefix-caching --no-enable-prefix-caching --enable-chunked-prefill --no-enable-chunked-prefill
  --enable-lora --enable-auto-tool-choice --enable-expert-parallel --disable-log-requests --disable-log-stats
  --enable-log-requests --disable-uvicorn-access-log --disable-fastapi-docs --disable-frontend-multiprocessing
  --enable-request-id-headers --enable-server-load-tracking --enable-prompt-tokens-details --skip-tokenizer-init
  --disable-custom-all-reduce --disable-sliding-window --disable-cascade-attn --calculate-kv-scales --async-scheduling
  --enable-sleep-mode --fully-sharded-loras --enable-ssl-refresh --return-tokens-as-token-ids --use-tqdm-on-load
  --enable-eplb --headless --trust-request-chat-template`;
const VLLM_VALUES = `
  --host --port --uvicorn-log-level --allow-credentials --allowed-origins --allowed-methods --allowed-headers --api-key
  --ssl-keyfile --ssl-certfile --ssl-ca-certs --ssl-cert-reqs --root-path --response-role --chat-template-content-format
  --dtype --max-model-len --max-seq-len-to-capture --seed --task --runner --convert --tokenizer-mode --quantization -q
  --tensor-parallel-size -tp --pipeline-parallel-size -pp --data-parallel-size -dp --gpu-memory-utilization --swap-space --cpu-offload-gb --block-size
  --kv-cache-dtype --max-num-batched-tokens --max-num-seqs --max-logprobs --max-lora-rank --max-loras --max-cpu-loras
  --lora-extra-vocab-size --lora-dtype --scheduling-policy --num-scheduler-steps --max-log-len --tool-call-parser
  --reasoning-parser --distributed-executor-backend --max-parallel-loading-workers --num-gpu-blocks-override
  --limit-mm-per-prompt --guided-decoding-backend --api-server-count --chat-template --device --kv-cache-memory-bytes --long-prefill-token-threshold`;
const VLLM_CHOSEN = {
  '--generation-config': /^(?:auto|vllm)$/,
  '--config-format': /^(?:auto|hf|mistral)$/,
  '--distributed-executor-backend': /^(?:mp|ray|uni)$/,
  '--tokenizer-mode': /^(?:auto|slow|mistral)$/,
  '--tool-call-parser': /^[\w-]+$/,
  '--reasoning-parser': /^[\w-]+$/,
  '--quantization': /^[\w-]+$/,
};

const VLLM_ENV: Readonly<Record<string, InertVariable>> = {
  VLLM_LOGGING_LEVEL: { value: /^[A-Z]{1,10}$/ },
  VLLM_NO_USAGE_STATS: { value: SWITCH },
  VLLM_DO_NOT_TRACK: { value: SWITCH },
  VLLM_HOST_IP: { value: /^[\w.:-]{0,100}$/, pod: true },
  VLLM_WORKER_MULTIPROC_METHOD: { value: /^(?:spawn|fork)$/ },
  VLLM_USE_V1: { value: SWITCH },
  VLLM_ATTENTION_BACKEND: { value: /^[A-Z0-9_]{1,40}$/ },
  VLLM_ALLOW_LONG_MAX_MODEL_LEN: { value: SWITCH },
};

export const GRAMMARS: readonly Grammar[] = [
  {
    id: 'vllm',
    title: 'vLLM',
    see: 'https://docs.vllm.ai/en/stable/cli/serve/',
    row: 'vllm',
    starts: [
      ['vllm', 'serve'],
      ['python', '-m', 'vllm.entrypoints.openai.api_server'],
    ],
    repositories: ['docker.io/vllm/vllm-openai'],
    switches: set(VLLM_SWITCHES),
    values: set(VLLM_VALUES),
    chosen: VLLM_CHOSEN,
    places: set('--download-dir'),
    env: VLLM_ENV,
    words: 'first',
    hasDefault: true,
  },
  {
    id: 'kserve-huggingface',
    title: "KServe's runtime for Hugging Face models",
    see: 'https://kserve.github.io/website/docs/model-serving/generative-inference/overview',
    row: 'kserve-huggingface',
    starts: [['python', '-m', 'huggingfaceserver']],
    repositories: ['docker.io/kserve/huggingfaceserver'],
    switches: set(VLLM_SWITCHES, '--disable-lower-case --disable-special-tokens --return-token-type-ids'),
    values: set(
      VLLM_VALUES,
      '--served-model-name --model-name --backend --http-port --grpc-port --workers --max-length --max-threads',
    ),
    chosen: { ...VLLM_CHOSEN, '--backend': /^(?:auto|huggingface|vllm)$/ },
    places: set('--download-dir'),
    env: VLLM_ENV,
    words: 'none',
    hasDefault: false,
    defaultFolder: '/mnt/models',
  },
  {
    id: 'tgi',
    title: 'Text Generation Inference',
    see: 'https://huggingface.co/docs/text-generation-inference/reference/launcher',
    row: 'tgi',
    starts: [['text-generation-launcher']],
    repositories: ['ghcr.io/huggingface/text-generation-inference'],
    switches: set('--json-output --disable-custom-kernels --disable-grammar-support --disable-usage-stats'),
    values:
      set(`--port -p --hostname --num-shard --sharded --quantize --dtype --kv-cache-dtype --max-concurrent-requests
      --max-best-of --max-stop-sequences --max-top-n-tokens --max-input-tokens --max-input-length --max-total-tokens
      --waiting-served-ratio --max-batch-prefill-tokens --max-batch-total-tokens --max-waiting-tokens --max-batch-size
      --validation-workers --shard-uds-path --cuda-memory-fraction --rope-scaling --rope-factor
      --api-key --max-client-batch-size --payload-limit --usage-stats --cuda-graphs --prometheus-port --cors-allow-origin`),
    chosen: {},
    places: set('--huggingface-hub-cache'),
    env: {
      ...Object.fromEntries(
        `PORT HOSTNAME NUM_SHARD SHARDED QUANTIZE DTYPE MAX_CONCURRENT_REQUESTS MAX_INPUT_LENGTH MAX_INPUT_TOKENS MAX_TOTAL_TOKENS
        MAX_BATCH_PREFILL_TOKENS MAX_BATCH_TOTAL_TOKENS JSON_OUTPUT CUDA_MEMORY_FRACTION USAGE_STATS`
          .split(/\s+/)
          .map((name) => [name, { value: /^[\w.:-]{0,100}$/ }]),
      ),
    },
    words: 'none',
    hasDefault: true,
  },
  {
    id: 'tei',
    title: 'Text Embeddings Inference',
    see: 'https://huggingface.co/docs/text-embeddings-inference/cli_arguments',
    row: 'tgi',
    starts: [['text-embeddings-router']],
    repositories: ['ghcr.io/huggingface/text-embeddings-inference'],
    switches: set('--json-output --auto-truncate --disable-spans'),
    values: set(`--port -p --hostname --tokenization-workers --dtype --pooling --max-concurrent-requests
      --max-batch-tokens --max-batch-requests --max-client-batch-size --default-prompt-name --api-key --payload-limit
      --prometheus-port --cors-allow-origin`),
    chosen: {},
    places: set('--huggingface-hub-cache'),
    env: {},
    words: 'none',
    hasDefault: true,
  },
  {
    id: 'sglang',
    title: 'SGLang',
    see: 'https://docs.sglang.ai/advanced_features/server_arguments.html',
    row: 'sglang',
    starts: [['python', '-m', 'sglang.launch_server']],
    repositories: [],
    switches: set('--enable-metrics --disable-radix-cache --enable-torch-compile --skip-server-warmup --log-requests'),
    values: set(`--host --port --dtype --quantization --context-length --mem-fraction-static --max-running-requests
      --max-total-tokens --chunked-prefill-size --tp --tp-size --tensor-parallel-size --dp --dp-size --pp-size --device
      --log-level --api-key --admin-api-key --served-model-name --random-seed --schedule-policy --attention-backend`),
    chosen: { '--quantization': /^[\w-]+$/, '--admin-api-key': /./ },
    places: set('--download-dir'),
    env: {},
    words: 'none',
    hasDefault: false,
    needs: {
      option: '--admin-api-key',
      why: 'its API loads other weights while it runs (/update_weights_from_disk)',
    },
  },
  {
    id: 'llama.cpp',
    title: 'llama.cpp',
    see: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    row: 'llama.cpp',
    starts: [['llama-server']],
    repositories: [],
    switches: set(
      '--metrics --no-webui --mlock --no-mmap --jinja --cont-batching -cb --embeddings --reranking --no-slots',
    ),
    values: set(`--host --port -c --ctx-size -n --n-predict -b --batch-size -ub --ubatch-size -t --threads -tb
      --threads-batch -ngl --n-gpu-layers --gpu-layers -np --parallel --alias -a --api-key --temp --seed -fa --flash-attn
      --cache-type-k -ctk --cache-type-v -ctv --split-mode -sm --main-gpu -mg --tensor-split -ts --timeout -to
      --pooling --chat-template --rope-scaling --threads-http`),
    // A folder of models makes it a router, whose API loads them.
    chosen: { '--models-dir': /^$/ },
    places: set(),
    env: {},
    words: 'none',
    hasDefault: true,
  },
  {
    id: 'triton',
    title: 'Triton Inference Server',
    see: 'https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_management.html',
    row: 'triton',
    starts: [['tritonserver']],
    repositories: [],
    switches: set('--disable-auto-complete-config'),
    values: set(`--http-port --grpc-port --metrics-port --http-address --grpc-address --allow-http --allow-grpc
      --allow-metrics --allow-gpu-metrics --log-verbose --log-info --log-warning --log-error --strict-readiness
      --exit-timeout-secs --http-thread-count --pinned-memory-pool-byte-size --cuda-memory-pool-byte-size
      --rate-limit --min-supported-compute-capability --exit-on-error --buffer-manager-thread-count`),
    // In the mode "explicit", the API loads models by name; in the mode "poll", whatever appears in the folder.
    chosen: { '--model-control-mode': /^none$/ },
    places: set(),
    env: {},
    words: 'none',
    hasDefault: false,
  },
  {
    id: 'kserve-storage-initializer',
    title: "KServe's storage initializer",
    see: 'https://kserve.github.io/website/docs/model-serving/storage/overview',
    row: 'kserve-storage-initializer',
    starts: [],
    repositories: ['docker.io/kserve/storage-initializer'],
    switches: set(),
    values: set(),
    chosen: {},
    places: set(),
    env: {},
    words: 'pairs',
    hasDefault: false,
  },
  {
    id: 'hf-cli',
    title: 'the command line of the Hugging Face Hub',
    see: 'https://huggingface.co/docs/huggingface_hub/guides/cli',
    row: 'hf-cli',
    starts: [
      ['hf', 'download'],
      ['huggingface-cli', 'download'],
    ],
    repositories: [],
    switches: set('--quiet --force-download'),
    values: set('--token --max-workers --include --exclude'),
    chosen: { '--repo-type': /^model$/ },
    places: set('--local-dir --cache-dir'),
    env: {},
    words: 'all',
    hasDefault: false,
  },
];

/** Programs that load models for whoever asks them, and have no option against it. */
export const LOADS_BY_API: Readonly<Record<string, string>> = {
  ollama: 'Ollama loads every model that its API is asked for (/api/pull, /api/create)',
  torchserve: 'TorchServe loads every model that its management API is asked for',
  'tf-serving': 'TensorFlow Serving loads every model that HandleReloadConfigRequest names',
};
