/** What a model says of itself, in its card and its configuration. Declared by whoever made the artifact, verified by nobody. */
export interface Declared {
  /** Identifiers as written (`apache-2.0`, `other`); empty when none is declared. */
  readonly licences: readonly string[];
  readonly licenceName: string | null;
  /** `owner/model` as written; `owner/model@revision` when a revision is declared with it. */
  readonly baseModels: readonly string[];
  readonly datasets: readonly string[];
  /** `transformers`, `diffusers`, ... */
  readonly library: string | null;
  /** `text-generation`, ... */
  readonly task: string | null;
  readonly languages: readonly string[];
  readonly tags: readonly string[];
  /** `owner/model--module.Class` and the like in `auto_map`: code that is fetched when the model is loaded with remote code. */
  readonly remoteCode: readonly string[];
  /** `architectures` of config.json. */
  readonly architectures: readonly string[];
  /** `model_type` of config.json: `llama`, `bert`, ... */
  readonly modelType: string | null;
  /** Paths of the files that said so. */
  readonly files: readonly string[];
}

export const NOTHING_DECLARED: Declared = {
  licences: [],
  licenceName: null,
  baseModels: [],
  datasets: [],
  library: null,
  task: null,
  languages: [],
  tags: [],
  remoteCode: [],
  architectures: [],
  modelType: null,
  files: [],
};
