import { MemorySource } from '../../../core/bytes/index.ts';
import { AssayError, isAssayError } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import { type OnnxModel, readOnnx } from '../../../formats/onnx/index.ts';
import { TokenizerFile, type TokenizerOptions } from '../../tokenizer/index.ts';
import { DataFiles } from '../files.ts';
import { contextOf, type DataContext, type DataOptions } from '../options.ts';
import { Parts } from '../parts.ts';
import type { PromptsSpec } from './spec.ts';

/** Texts that a language model continues, and what is known of each. */
export interface Prompts {
  readonly texts: readonly string[];
  /** The tokens of each. */
  readonly ids: readonly Int32Array[];
  /** The answer of each. */
  readonly answers: readonly string[] | undefined;
  readonly newTokens: number;
  readonly eos: readonly number[];
  readonly special: boolean;
  readonly tokenizer: TokenizerFile;
  /** The arrays of a recording, not yet checked. */
  readonly recorded: ReadonlyMap<string, PlainArray> | undefined;
  /** Tells the class of a text. */
  readonly classifier: OnnxModel | undefined;
  /** What the tokenizer runs under: each time with a budget of its own. */
  tokenizing(signal: AbortSignal | undefined): TokenizerOptions;
}

const MAX_PROMPTS = 10_000;
const MAX_CLASSIFIER = 256 * 1024 * 1024;

/**
 * Reads the prompts that a suite names.
 * @returns the prompts, and a SHA-256 over the names and bytes of all files that were read
 * @throws AssayError `usage` for what does not fit together, naming file and column; what reading the files and the tokenizer throws
 */
export async function loadPrompts(
  spec: PromptsSpec,
  options: DataOptions,
): Promise<{ readonly prompts: Prompts; readonly sha256: string }> {
  const context = contextOf(options);
  try {
    const files = new DataFiles(options, context);
    const parts = new Parts(files, context);
    const texts = await parts.textColumn(spec.prompts);
    const subject = spec.prompts;
    if (texts.length === 0) throw new AssayError('usage', 'has no prompts', { subject, hint: 'give at least one row' });
    if (texts.length > MAX_PROMPTS)
      throw new AssayError('limit', `has ${texts.length} prompts, more than ${MAX_PROMPTS}`, { subject });
    const answers = spec.answers === undefined ? undefined : await parts.textColumn(spec.answers);
    if (answers !== undefined && answers.length !== texts.length)
      throw new AssayError('usage', `has ${answers.length} answers, and there are ${texts.length} prompts`, {
        subject: spec.answers ?? '',
        hint: 'give an answer for each prompt, in the same order',
      });
    const { newTokens, eos, special } = spec;
    const tokenizer = await files.use(spec.tokenizer, ({ source }) => TokenizerFile.read(source, context));
    const ids = await encoded(tokenizer, texts, spec, context);
    const recorded = spec.recorded === undefined ? undefined : await parts.arrays(spec.recorded);
    const classifier = spec.classifier === undefined ? undefined : await readClassifier(spec.classifier, files);
    const { limits } = context;
    const tokenizing: Prompts['tokenizing'] = (signal) => {
      const { limits: own, budget } = contextOf({ folder: options.folder, limits });
      return { limits: own, budget, signal };
    };
    const prompts = { texts, ids, answers, newTokens, eos, special, tokenizer, recorded, classifier, tokenizing };
    return { prompts, sha256: files.sha256() };
  } finally {
    await context.resources.disposeAsync();
  }
}

async function encoded(
  tokenizer: TokenizerFile,
  texts: readonly string[],
  { prompts, tokenizer: file, special }: PromptsSpec,
  context: DataContext,
): Promise<readonly Int32Array[]> {
  try {
    const { ids } = await tokenizer.encode(texts, { ...context, special });
    const empty = ids.findIndex(({ length }) => length === 0);
    if (empty < 0) return ids;
    throw new AssayError('usage', `has a prompt without tokens in row ${empty + 1}`, {
      subject: prompts,
      hint: 'give a text, or a tokenizer that adds a first token',
    });
  } catch (error) {
    if (!isAssayError(error) || error.subject !== undefined || error.code === 'aborted') throw error;
    // A bound is met by texts, all else is of the tokenizer.
    const subject = error.code === 'limit' ? prompts : file;
    throw new AssayError(error.code, error.message, { subject, cause: error });
  }
}

async function readClassifier(path: string, files: DataFiles): Promise<OnnxModel> {
  return await files.use(path, async ({ source }) => {
    if (source.size > MAX_CLASSIFIER) throw new AssayError('limit', `has more than ${MAX_CLASSIFIER} bytes`);
    // The model holds on to where its tensors are, and runs when the file is closed.
    const bytes = Uint8Array.from(await source.read(0, source.size));
    const { model, unreadCount, external } = await readOnnx(new MemorySource(bytes, path));
    if (unreadCount === 0 && external.length === 0) return model;
    throw new AssayError('unsupported', 'has fields that are not known, or tensors in other files', {
      hint: 'export the classifier as one ONNX file',
    });
  });
}
