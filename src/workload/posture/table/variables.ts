// Variables that say nothing of what is loaded, with how their values may look.

export interface InertVariable {
  /** Of a literal value. */
  readonly value: RegExp;
  /** Also a key of a Secret: it is a credential. */
  readonly secret?: true;
  /** Also what the kubelet knows of the Pod or the node, but for labels and annotations. */
  readonly pod?: true;
}

const ANY = /^/;
const SWITCH = /^(?:0|1|true|false|yes|no|on|off)?$/i;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
const WORD = /^[\w.,:=^-]{0,200}$/;
const SECRET: InertVariable = { value: ANY, secret: true };
const POD: InertVariable = { value: /^[\w.:-]{0,253}$/, pod: true };
const PROXY: InertVariable = { value: ANY };

function each(names: string, variable: InertVariable): Readonly<Record<string, InertVariable>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, variable]));
}

/** For every program of the tables, and for a program of an approved image that is told nothing. */
export const INERT_VARIABLES: Readonly<Record<string, InertVariable>> = {
  ...each('TZ LANG LANGUAGE LC_ALL LC_CTYPE TERM NO_COLOR', { value: /^[\w./:@+-]{0,100}$/ }),
  ...each('POD_NAME POD_NAMESPACE POD_UID POD_IP HOST_IP NODE_NAME NODE_IP K8S_NODE_NAME K8S_POD_NAME', POD),
  ...each('LOG_LEVEL LOGLEVEL', { value: /^[a-z]{1,12}$/i }),
  // What LeaderWorkerSet and dapr add to every container of a Pod: where the leader is, which worker it is, the ports of the sidecar.
  LWS_LEADER_ADDRESS: { value: /^[a-z0-9][a-z0-9.-]{0,252}$/ },
  ...each('LWS_GROUP_SIZE LWS_WORKER_INDEX DAPR_HTTP_PORT DAPR_GRPC_PORT', { value: /^\d{1,6}$/ }),
  APP_PROTOCOL: { value: /^(?:https?|grpcs?|h2c)$/ },
};

/**
 * For programs that load from the Hub with Python or Rust libraries. Those of Hugging Face Hub 1.0, of CUDA, NCCL and OpenMP;
 * variables that name libraries or plug-ins (NCCL_NET_PLUGIN) are not among them.
 */
export const LOADER_VARIABLES: Readonly<Record<string, InertVariable>> = {
  ...each('HF_TOKEN HUGGING_FACE_HUB_TOKEN HF_API_TOKEN API_KEY VLLM_API_KEY', SECRET),
  ...each('AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN', SECRET),
  PYTHONHASHSEED: { value: /^(?:random|\d{1,10})$/ },
  HF_TOKEN_PATH: { value: /^\/[\w./-]{1,200}$/ },
  ...each('AWS_REGION AWS_DEFAULT_REGION', { value: WORD }),
  ...each('HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy', PROXY),
  ...each('HF_HUB_ENABLE_HF_TRANSFER HF_XET_HIGH_PERFORMANCE HF_HUB_DISABLE_TELEMETRY HF_HUB_DISABLE_PROGRESS_BARS', {
    value: SWITCH,
  }),
  ...each('DO_NOT_TRACK TOKENIZERS_PARALLELISM PYTHONUNBUFFERED HF_HUB_VERBOSITY', { value: WORD }),
  ...each('HF_HUB_DOWNLOAD_TIMEOUT HF_HUB_ETAG_TIMEOUT OMP_NUM_THREADS MKL_NUM_THREADS', { value: NUMBER }),
  ...each('HF_HUB_OFFLINE TRANSFORMERS_OFFLINE', { value: SWITCH }),
  ...each('CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES CUDA_DEVICE_ORDER', { value: WORD }),
  ...each('NCCL_DEBUG NCCL_IB_DISABLE NCCL_P2P_DISABLE NCCL_SOCKET_IFNAME NCCL_IB_HCA NCCL_SHM_DISABLE', {
    value: WORD,
  }),
  ...each('GLOO_SOCKET_IFNAME PYTORCH_CUDA_ALLOC_CONF', { value: WORD }),
};

/** They name a folder that programs load from: nothing may be mounted there that others write. */
export const CACHE_VARIABLES: ReadonlySet<string> = new Set([
  'HF_HOME',
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
  'HF_XET_CACHE',
  'TRANSFORMERS_CACHE',
  'SENTENCE_TRANSFORMERS_HOME',
  'XDG_CACHE_HOME',
]);
