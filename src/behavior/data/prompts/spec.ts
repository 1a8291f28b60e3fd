import * as v from 'valibot';

const MAX_TEXT = 4_096;
const MAX_NEW_TOKENS = 4_096;
const MAX_ENDS = 100;
const USUAL_NEW_TOKENS = 32;

const text = v.pipe(v.string('must be a text'), v.minLength(1, 'is empty'), v.maxLength(MAX_TEXT, 'is too long'));
const id = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be at least 0'),
  v.maxValue(2 ** 31 - 1, 'is not a token'),
);

/** Texts that a language model continues. */
export const promptsSchema = v.strictObject({
  /** `path#column`. */
  prompts: text,
  tokenizer: text,
  /** The answer that belongs to each prompt, as `path#column`. */
  answers: v.exactOptional(text),
  /** Tokens that a prompt is continued by at most. */
  newTokens: v.exactOptional(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be at least 1'),
      v.maxValue(MAX_NEW_TOKENS, `must be at most ${MAX_NEW_TOKENS}`),
    ),
    USUAL_NEW_TOKENS,
  ),
  /** Tokens that end a text. */
  eos: v.exactOptional(v.pipe(v.array(id, 'must be a list of tokens'), v.maxLength(MAX_ENDS, 'is too long')), []),
  /** Whether tokens such as `<s>` are added as the tokenizer says. */
  special: v.exactOptional(v.boolean('must be true or false'), true),
  /** What the approved version said, as `--record` wrote it. */
  recorded: v.exactOptional(text),
  /** An ONNX model that tells the class of a text. */
  classifier: v.exactOptional(text),
});

export type PromptsSpec = v.InferOutput<typeof promptsSchema>;
