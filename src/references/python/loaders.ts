import type { ReferenceRole } from '../reference.ts';

/** How a name without a scheme is read. */
export type LoaderSource =
  | 'hub' // owner/name of the Hugging Face Hub, a path, an address
  | 'hub-path' // hf://owner/name, hf-hub:owner/name; another name is one of the library's own
  | 'dataset'
  | 'address' // https://...
  | 'github' // owner/repository:branch, for torch.hub
  | 'ollama' // name:tag of the registry of Ollama
  | 'library'; // a name of a catalogue of the library's own

/** A call that loads something by a name. */
export interface LoadingCall {
  /** The last part of what is called, or its last parts with dots. */
  readonly called: string;
  readonly source: LoaderSource;
  readonly role?: ReferenceRole;
  /** Position of the name among the arguments, and its keywords. */
  readonly at: number;
  readonly names: readonly string[];
  /** Only as a method: `X.from_pretrained`, not a function of that name. */
  readonly method?: true;
  /** Only when what is called comes from a package of this name. */
  readonly from?: RegExp;
  /** Names that are no reference: formats of data, kinds of files. */
  readonly words?: RegExp;
  /** When no name is given, the library chooses. */
  readonly chooses?: string;
  /** Only when this keyword is given and is not False. */
  readonly when?: string;
  /** It runs code from there, whatever else it is told. */
  readonly runsCode?: true;
  /** A keyword, and the value of it by which the name is a path. */
  readonly local?: readonly [keyword: string, value: string];
}

const NAME = [
  'pretrained_model_name_or_path',
  'pretrained_model_link_or_path',
  'model_name_or_path',
  'model_id',
  'repo_id',
  'model_name',
  'name',
  'model',
];
const PRETRAINED = ['pretrained_model_name_or_path', 'pretrained_model_name_or_path_or_dict', 'repo_id'];

/** Kinds of data that `load_dataset` reads from files. */
const BUILDERS =
  /^(?:csv|json|parquet|text|arrow|webdataset|imagefolder|audiofolder|videofolder|pdffolder|pandas|sql|xml|lance|hdf5|generator|cache)$/;

/** Calls of Python libraries that load models, datasets or code by a name, one row each. */
export const LOADING_CALLS: readonly LoadingCall[] = [
  // transformers, diffusers, peft, accelerate, optimum, setfit, timm, open_clip and libraries with the same API.
  { called: 'from_pretrained', source: 'hub', at: 0, names: NAME, method: true },
  { called: 'from_pretrained_keras', source: 'hub', at: 0, names: NAME },
  { called: 'from_pretrained_fastai', source: 'hub', at: 0, names: ['repo_id'] },
  { called: 'from_single_file', source: 'hub', at: 0, names: PRETRAINED, method: true },
  { called: 'load_lora_weights', source: 'hub', at: 0, names: PRETRAINED },
  { called: 'load_textual_inversion', source: 'hub', at: 0, names: ['pretrained_model_name_or_path'] },
  { called: 'load_ip_adapter', source: 'hub', at: 0, names: ['pretrained_model_name_or_path_or_dict'] },
  { called: 'load_attn_procs', source: 'hub', at: 0, names: PRETRAINED },
  { called: 'load_adapter', source: 'hub', at: 0, names: ['model_id', 'peft_model_id'] },
  {
    called: 'pipeline',
    source: 'hub',
    at: 1,
    names: ['model'],
    chooses: 'pipeline chooses the model of a task itself',
  },
  { called: 'get_config_dict', source: 'hub', at: 0, names: NAME, method: true },
  {
    called: 'load_config',
    source: 'hub',
    at: 0,
    names: PRETRAINED,
    method: true,
    from: /^(?:diffusers|transformers|peft)/,
  },
  { called: 'cached_file', source: 'hub', at: 0, names: ['path_or_repo_id'] },
  {
    called: 'get_class_from_dynamic_module',
    source: 'hub',
    role: 'code',
    at: 1,
    names: ['pretrained_model_name_or_path'],
    runsCode: true,
  },
  // huggingface_hub.
  { called: 'hf_hub_download', source: 'hub', at: 0, names: ['repo_id'] },
  { called: 'snapshot_download', source: 'hub', at: 0, names: ['repo_id', 'model_id'] },
  { called: 'hf_hub_url', source: 'hub', at: 0, names: ['repo_id'] },
  { called: 'try_to_load_from_cache', source: 'hub', at: 0, names: ['repo_id'] },
  { called: 'get_kernel', source: 'hub', role: 'code', at: 0, names: ['repo_id'], from: /^kernels/, runsCode: true },
  { called: 'load_tool', source: 'hub', role: 'code', at: 0, names: ['repo_id', 'task_or_repo_id'], runsCode: true },
  // datasets, evaluate.
  { called: 'load_dataset', source: 'dataset', role: 'dataset', at: 0, names: ['path'], words: BUILDERS },
  { called: 'load_dataset_builder', source: 'dataset', role: 'dataset', at: 0, names: ['path'], words: BUILDERS },
  { called: 'evaluate.load', source: 'dataset', role: 'code', at: 0, names: ['path'] },
  { called: 'load_metric', source: 'dataset', role: 'code', at: 0, names: ['path'] },
  // sentence-transformers, span-marker, BERTopic, LangChain, LlamaIndex.
  { called: 'SentenceTransformer', source: 'hub', at: 0, names: ['model_name_or_path'] },
  { called: 'CrossEncoder', source: 'hub', at: 0, names: ['model_name_or_path', 'model_name'] },
  { called: 'SparseEncoder', source: 'hub', at: 0, names: ['model_name_or_path'] },
  { called: 'StaticEmbedding.from_model2vec', source: 'hub', at: 0, names: ['model_id_or_path'] },
  {
    called: 'HuggingFaceEmbeddings',
    source: 'hub',
    at: 9,
    names: ['model_name', 'model'],
    chooses: 'HuggingFaceEmbeddings chooses a model itself',
  },
  { called: 'HuggingFaceBgeEmbeddings', source: 'hub', at: 9, names: ['model_name'] },
  { called: 'HuggingFaceEmbedding', source: 'hub', at: 0, names: ['model_name'] },
  { called: 'HuggingFacePipeline.from_model_id', source: 'hub', at: 0, names: ['model_id'] },
  // Servers and runners as libraries.
  { called: 'LLM', source: 'hub', at: 0, names: ['model'], from: /^vllm/ },
  { called: 'EngineArgs', source: 'hub', at: 0, names: ['model'] },
  { called: 'AsyncEngineArgs', source: 'hub', at: 0, names: ['model'] },
  { called: 'WhisperModel', source: 'hub', at: 0, names: ['model_size_or_path'] },
  { called: 'BatchedInferencePipeline', source: 'hub', at: 0, names: ['model'] },
  { called: 'whisper.load_model', source: 'library', at: 0, names: ['name'] },
  { called: 'GPT4All', source: 'library', at: 0, names: ['model_name'] },
  { called: 'YOLO', source: 'library', at: 0, names: ['model'] },
  // speechbrain, flair, keras.
  { called: 'from_hparams', source: 'hub', at: 0, names: ['source'], method: true },
  { called: 'foreign_class', source: 'hub', role: 'code', at: 0, names: ['source'], runsCode: true },
  { called: 'fetch', source: 'hub', at: 1, names: ['source'], from: /^speechbrain/ },
  { called: 'from_preset', source: 'hub-path', at: 0, names: ['preset'], method: true },
  { called: 'Classifier.load', source: 'hub', at: 0, names: ['model_path', 'model'], from: /^flair/ },
  { called: 'SequenceTagger.load', source: 'hub', at: 0, names: ['model_path', 'model'] },
  { called: 'TextClassifier.load', source: 'hub', at: 0, names: ['model_path', 'model'] },
  { called: 'TransformerWordEmbeddings', source: 'hub', at: 0, names: ['model'] },
  { called: 'TransformerDocumentEmbeddings', source: 'hub', at: 0, names: ['model'] },
  // timm, open_clip, torchvision.
  { called: 'timm.create_model', source: 'hub-path', at: 0, names: ['model_name'], when: 'pretrained' },
  { called: 'create_model', source: 'hub-path', at: 0, names: ['model_name'], from: /^timm/, when: 'pretrained' },
  { called: 'create_model_and_transforms', source: 'hub-path', at: 0, names: ['model_name'] },
  { called: 'create_model_from_pretrained', source: 'hub-path', at: 0, names: ['model_name'] },
  { called: 'load_model_config_from_hf', source: 'hub', at: 0, names: ['model_id'] },
  { called: 'load_state_dict_from_hf', source: 'hub', at: 0, names: ['model_id'] },
  // torch, TensorFlow, MLflow.
  {
    called: 'hub.load',
    source: 'github',
    role: 'code',
    at: 0,
    names: ['repo_or_dir', 'handle'],
    runsCode: true,
    local: ['source', 'local'],
  },
  // These import hubconf.py, too.
  { called: 'hub.list', source: 'github', role: 'code', at: 0, names: ['github'], from: /^torch/, runsCode: true },
  { called: 'hub.help', source: 'github', role: 'code', at: 0, names: ['github'], from: /^torch/, runsCode: true },
  // Ollama and its clients.
  { called: 'ollama.pull', source: 'ollama', at: 0, names: ['model'] },
  { called: 'ollama.chat', source: 'ollama', at: 0, names: ['model'] },
  { called: 'ollama.generate', source: 'ollama', at: 0, names: ['model'] },
  { called: 'ollama.embed', source: 'ollama', at: 0, names: ['model'] },
  { called: 'ollama.embeddings', source: 'ollama', at: 0, names: ['model'] },
  { called: 'ChatOllama', source: 'ollama', at: 99, names: ['model'] },
  { called: 'OllamaLLM', source: 'ollama', at: 99, names: ['model'] },
  { called: 'OllamaEmbeddings', source: 'ollama', at: 99, names: ['model'] },
  { called: 'load_state_dict_from_url', source: 'address', at: 0, names: ['url'] },
  { called: 'download_url_to_file', source: 'address', at: 0, names: ['url'], from: /^torch/ },
  { called: 'model_zoo.load_url', source: 'address', at: 0, names: ['url'] },
  { called: 'cached_download', source: 'address', at: 0, names: ['url'] },
  { called: 'KerasLayer', source: 'address', at: 0, names: ['handle'] },
  { called: 'get_file', source: 'address', at: 1, names: ['origin'], from: /^(?:keras|tensorflow|tf)/ },
  { called: 'download_artifacts', source: 'address', at: 0, names: ['artifact_uri'] },
  { called: 'pyfunc.load_model', source: 'address', at: 0, names: ['model_uri'] },
  { called: 'gensim.downloader.load', source: 'library', at: 0, names: ['name'] },
];
