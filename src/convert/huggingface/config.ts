import { AssayError, quotedName } from '../../core/index.ts';
import type { Activation } from '../network/index.ts';

/** Keys about training, tokens, tasks, generation, or how a program runs the model. None changes what the model computes. */
const OTHER_KEYS: ReadonlySet<string> = new Set([
  '_attn_implementation',
  '_attn_implementation_autoset',
  '_commit_hash',
  '_name_or_path',
  '_num_labels',
  'architectures',
  'attention_dropout',
  'attention_probs_dropout_prob',
  'attn_pdrop',
  'bos_token_id',
  'chunk_size_feed_forward',
  'classifier_dropout',
  'directionality',
  'dropout',
  'dtype',
  'embd_pdrop',
  'eos_token_id',
  'finetuning_task',
  'gradient_checkpointing',
  'hidden_dropout_prob',
  'id2label',
  'initializer_range',
  'label2id',
  'language',
  'mask_token_id',
  'model_type',
  'name',
  'num_labels',
  'output_past',
  'pad_token_id',
  // Of the first release of the multilingual models; nothing reads them.
  'pooler_fc_size',
  'pooler_num_attention_heads',
  'pooler_num_fc_layers',
  'pooler_size_per_head',
  'pooler_type',
  'prefix',
  'problem_type',
  'qa_dropout',
  'resid_pdrop',
  'return_dict',
  'sep_token_id',
  'seq_classif_dropout',
  'task_specific_params',
  // Read where a head has a table of words.
  'tie_word_embeddings',
  'tokenizer_class',
  'torch_dtype',
  'torchscript',
  'transformers_version',
  'use_cache',
  'vocab_size',
  '__version__',
]);
/** Sampling that a program may do with the outputs. */
const GENERATION =
  /^(?:do_sample|early_stopping|max_length|min_length|max_new_tokens|num_beams|temperature|top_k|top_p|repetition_penalty|length_penalty|no_repeat_ngram_size|num_return_sequences|typical_p|diversity_penalty|num_beam_groups|bad_words_ids|begin_suppress_tokens|suppress_tokens|forced_bos_token_id|forced_eos_token_id|remove_invalid_values|exponential_decay_length_penalty|decoder_start_token_id|encoder_no_repeat_ngram_size|output_scores|output_attentions|output_hidden_states|return_dict_in_generate|tf_legacy_loss|use_bfloat16)$/;

/** Keys that have to have one value, whatever the model: what they change otherwise has no template. */
const FIXED: Readonly<Record<string, readonly unknown[]>> = {
  is_decoder: [false],
  is_encoder_decoder: [false],
  add_cross_attention: [false],
  cross_attention_hidden_size: [null],
  tie_encoder_decoder: [false],
  pruned_heads: [{}],
  base_model_tp_plan: [null],
};

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: { kind: 'gelu' },
  gelu_python: { kind: 'gelu' },
  gelu_new: { kind: 'gelu-tanh' },
  gelu_fast: { kind: 'gelu-tanh' },
  gelu_pytorch_tanh: { kind: 'gelu-tanh' },
  quick_gelu: { kind: 'gelu-quick' },
  relu: { kind: 'relu' },
  relu2: { kind: 'relu-squared' },
  relu6: { kind: 'relu6' },
  silu: { kind: 'silu' },
  swish: { kind: 'silu' },
  mish: { kind: 'mish' },
  sigmoid: { kind: 'sigmoid' },
  tanh: { kind: 'tanh' },
  linear: { kind: 'identity' },
};

const MAX_COUNT = 2 ** 31;

/**
 * The config.json of a model. A key that is not read must have the value that the template computes with, or be on the list of those
 * that change nothing. Any other is refused by its name, because it could change what the model computes.
 */
export class ModelConfig {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #read = new Set<string>();

  constructor(values: ReadonlyMap<string, unknown>, path: string) {
    this.#values = values;
    this.path = path;
  }

  #get(name: string): unknown {
    this.#read.add(name);
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Whether a key is absent or null. */
  lacks(name: string): boolean {
    return (this.#get(name) ?? null) === null;
  }

  number(name: string, fallback?: number): number {
    const value = this.#values.has(name) ? this.#get(name) : fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.#wrong(name, value, 'a number');
  }

  /** A count, of at least one. */
  count(name: string, fallback?: number): number {
    const value = this.number(name, fallback);
    if (!Number.isSafeInteger(value) || value < 1 || value > MAX_COUNT) throw this.#wrong(name, value, 'a count');
    return value;
  }

  /** Two counts in a list; `undefined` for a key that does not have a list. */
  pair(name: string): [number, number] | undefined {
    const value = this.#get(name);
    if (!Array.isArray(value)) return undefined;
    const [first, second, ...rest]: unknown[] = value;
    const isCount = (one: unknown): one is number =>
      typeof one === 'number' && Number.isSafeInteger(one) && one >= 1 && one <= MAX_COUNT;
    if (!isCount(first) || !isCount(second) || rest.length > 0) throw this.#wrong(name, value, 'two counts');
    return [first, second];
  }

  flag(name: string, fallback?: boolean): boolean {
    const value = this.#values.has(name) ? this.#get(name) : fallback;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, value, 'true or false');
  }

  text(name: string, fallback?: string): string {
    const value = this.#values.has(name) ? this.#get(name) : fallback;
    if (typeof value === 'string') return value;
    throw this.#wrong(name, value, 'a text');
  }

  texts(name: string): string[] {
    const value = this.#get(name);
    const items: unknown[] = Array.isArray(value) ? value : [];
    const texts = items.filter((item) => typeof item === 'string');
    if (!Array.isArray(value) || texts.length !== items.length) throw this.#wrong(name, value, 'a list of texts');
    return texts;
  }

  /** An object within; `undefined` for null, and for a key that is absent. */
  object(name: string): ModelConfig | undefined {
    const value = this.#get(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(name, value, 'an object');
    return new ModelConfig(new Map(Object.entries(value)), this.path);
  }

  /** The activation that a key names. @throws AssayError `unsupported` for one that is not known */
  activation(name: string, fallback: string): Activation {
    const text = this.text(name, fallback);
    const known = Object.hasOwn(ACTIVATIONS, text) ? ACTIVATIONS[text] : undefined;
    if (known === undefined) throw this.refuse(`its ${name} is ${quotedName(text)}`);
    return known;
  }

  /** @throws AssayError `unsupported` for a key that is there, with another value than these */
  fixed(name: string, ...values: readonly unknown[]): void {
    if (!this.#values.has(name)) return;
    const text = JSON.stringify(this.#get(name));
    if (!values.some((value) => JSON.stringify(value) === text))
      throw this.refuse(`its ${name} is ${text.slice(0, 80)}`);
  }

  /** Keys that do not matter here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** @throws AssayError `unsupported` for a key that nothing has read, and that could change what is computed */
  refuseOthers(): void {
    for (const [name, values] of Object.entries(FIXED)) this.fixed(name, ...values);
    for (const name of this.#values.keys())
      if (!this.#read.has(name) && !OTHER_KEYS.has(name) && !GENERATION.test(name))
        throw this.refuse(`it has the key ${quotedName(name)}, which its template does not know`);
  }

  /** An error of a model that has no template. */
  refuse(why: string, hint?: string): AssayError {
    return new AssayError('unsupported', `the model is not converted: ${why}`, {
      subject: this.path,
      hint: hint ?? 'convert it in Python (optimum-cli export onnx), in a sandbox, and scan the result',
    });
  }

  #wrong(name: string, value: unknown, what: string): AssayError {
    const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80);
    return new AssayError('malformed', `${name} is ${shown}, not ${what}`, { subject: this.path });
  }
}
