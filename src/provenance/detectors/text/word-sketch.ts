import { throwIfAborted } from '../../../core/index.ts';
import { type LabelModels, learnFolds } from './fold-models.ts';
import type { TokenOptions, TokenTable } from './token-rows.ts';

/** Weights that a sketch has in all, a byte each: a profile keeps 64 KiB of a detector, as JSON. */
const MOST_WEIGHTS = 2 ** 15;
/** With more labels, each would have too few weights to tell it. */
const MOST_LABELS = 8;
const LARGEST = 127;
const VERSION = 1;
/** Not the fold of any row: the model learns from all. */
const NO_FOLD = 255;

/** What a profile keeps of approved texts: models of words, hashed, one for each label, or one for both of two. */
export interface WordSketch {
  readonly version: typeof VERSION;
  readonly labels: readonly string[];
  readonly models: readonly {
    readonly bias: number;
    readonly scale: number;
    /** Base64 of signed bytes, which `scale` makes weights; a token has the weight at its hash, modulo their number. */
    readonly weights: string;
  }[];
}

/** Undefined for too many labels. The same data gives the same sketch. */
export function sketchWords(
  tokens: TokenTable,
  { names, of }: { readonly names: readonly string[]; readonly of: Int32Array },
  seed: number,
  { signal }: TokenOptions,
): WordSketch | undefined {
  const width = widthOf(names.length);
  if (width === undefined) return undefined;
  const hashed = {
    ...tokens,
    ids: tokens.ids.map((id) => (tokens.hashes[id] ?? 0) % width),
    counts: new Uint32Array(width),
  };
  const rows = Uint32Array.from([...of.keys()].filter((row) => (of[row] ?? -1) >= 0 && tokens.same[row] === row));
  const fold = new Uint8Array(tokens.rows).fill(NO_FOLD);
  const models = modelledLabels(names).map((_, label) => {
    const positive = Uint8Array.from(of, (own) => (own === label ? 1 : 0));
    const { weights, biases } = learnFolds({ tokens: hashed, rows, positive, fold, folds: 1, seed }, () =>
      throwIfAborted(signal),
    );
    const own = weights[0] ?? new Float32Array(width);
    const scale = own.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / LARGEST || 1;
    const bytes = Int8Array.from(own, (weight) => Math.round(weight / scale));
    return { bias: biases[0] ?? 0, scale, weights: Buffer.from(bytes.buffer).toString('base64') };
  });
  return { version: VERSION, labels: names, models };
}

/**
 * The models of a sketch, for the labels of other data; undefined when it is not a sketch of at least two of these labels. A token's own
 * weight never counts for the token: that another one shares it does not hide a trigger.
 */
export function readWordSketch(
  sketch: unknown,
  tokens: TokenTable,
  names: readonly string[],
): ((label: number) => LabelModels | undefined) | undefined {
  const read = checked(sketch);
  if (read === undefined) return undefined;
  const known = read.models.map(({ bias, scale, bytes }): LabelModels => {
    const weights = Float32Array.from(tokens.hashes, (hash) => scale * (bytes[hash % bytes.length] ?? 0));
    return { models: { weights: [weights], biases: Float64Array.of(bias) }, sign: 1 };
  });
  const found = names.map((name): LabelModels | undefined => {
    const place = read.labels.indexOf(name);
    const [first] = known;
    if (read.labels.length === 2 && first !== undefined && place >= 0) return { ...first, sign: place === 0 ? 1 : -1 };
    return known[place];
  });
  return found.filter((one) => one !== undefined).length < 2 ? undefined : (label) => found[label];
}

function widthOf(labels: number): number | undefined {
  if (labels < 2 || labels > MOST_LABELS) return undefined;
  return labels === 2 ? MOST_WEIGHTS : 2 ** Math.floor(Math.log2(MOST_WEIGHTS / labels));
}

/** Of two labels, what speaks for one speaks against the other. */
function modelledLabels(names: readonly string[]): readonly string[] {
  return names.length === 2 ? names.slice(0, 1) : names;
}

interface CheckedSketch {
  readonly labels: readonly string[];
  readonly models: readonly { readonly bias: number; readonly scale: number; readonly bytes: Int8Array }[];
}

/** Undefined for what is not a sketch of this version, in any part. */
function checked(sketch: unknown): CheckedSketch | undefined {
  if (typeof sketch !== 'object' || sketch === null) return undefined;
  const { version, labels, models } = sketch as Record<string, unknown>;
  if (version !== VERSION || !Array.isArray(labels) || !Array.isArray(models)) return undefined;
  const width = widthOf(labels.length);
  if (width === undefined || !labels.every((label) => typeof label === 'string')) return undefined;
  if (models.length !== modelledLabels(labels).length) return undefined;
  const read = models.flatMap((model: unknown) => {
    if (typeof model !== 'object' || model === null) return [];
    const { bias, scale, weights } = model as Record<string, unknown>;
    if (typeof bias !== 'number' || typeof scale !== 'number' || typeof weights !== 'string') return [];
    if (!Number.isFinite(bias) || !(scale > 0) || !Number.isFinite(scale) || weights.length > 2 * width) return [];
    const bytes = Int8Array.from(Buffer.from(weights, 'base64'));
    return bytes.length === width ? [{ bias, scale, bytes }] : [];
  });
  return read.length === models.length ? { labels, models: read } : undefined;
}
