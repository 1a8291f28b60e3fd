import * as v from 'valibot';

const MAX_TEXT = 4_096;
const MAX_TOKENS = 1_000_000;

const text = v.pipe(v.string('must be a text'), v.minLength(1, 'is empty'), v.maxLength(MAX_TEXT, 'is too long'));
const count = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
  v.maxValue(MAX_TOKENS, `must be at most ${MAX_TOKENS}`),
);
const id = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be at least 0'),
);

/** A column of texts, as the tokens that a `tokenizer.json` makes of them. */
export const textsPart = v.strictObject({
  /** `path#column`. */
  texts: text,
  /** The second text of each row, as `path#column`, for models of pairs. */
  pairs: v.exactOptional(text),
  tokenizer: text,
  /** The names of the inputs; those that are not named are not given. */
  as: v.exactOptional(v.strictObject({ ids: text, mask: v.exactOptional(text), types: v.exactOptional(text) }), {
    ids: 'input_ids',
    mask: 'attention_mask',
  }),
  /** Tokens of a text, the added ones included. */
  maxLength: v.exactOptional(count),
  /** Whether longer texts are cut off. */
  truncate: v.exactOptional(v.boolean('must be true or false'), false),
  /** How long rows become: as the longest, or `maxLength`. */
  pad: v.exactOptional(v.picklist(['longest', 'maxLength'], 'must be longest or maxLength'), 'longest'),
  /** What they are padded with; as the tokenizer says when absent. */
  padId: v.exactOptional(id),
  side: v.exactOptional(v.picklist(['right', 'left'], 'must be right or left'), 'right'),
  /** Whether tokens such as `[CLS]` are added. */
  special: v.exactOptional(v.boolean('must be true or false'), true),
});

export type TextsPart = v.InferOutput<typeof textsPart>;
