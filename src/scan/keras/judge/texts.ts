import type { KerasLists, Kind } from './classes.ts';

/** The tables in which Keras looks up a text, by the kind of object that it stands for. */
const AREAS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  function: ['activations', 'losses', 'metrics'],
  loss: ['losses', 'metrics'],
  metric: ['metrics', 'losses'],
  initializer: ['initializers'],
  regularizer: ['regularizers'],
  constraint: ['constraints'],
  optimizer: ['optimizers'],
  dtype: ['dtype_policies'],
};
/** Words that `compile` understands by itself. */
const METRICS: ReadonlySet<string> = new Set(['accuracy', 'acc', 'crossentropy', 'ce']);
const DTYPE =
  /^(?:float(?:16|32|64|8_e4m3fn|8_e5m2)?|bfloat16|u?int(?:4|8|16|32|64)|bool|string|complex(?:64|128)|mixed_(?:b?float16)|_infer|infer_from_.{1,40}|policy_with_loss_scale|(?:u?int[48]|float8|gptq|awq)(?:\/[\w.-]{1,20}){0,3}_from_\w{1,20})$/;

/** Codecs of Python that are tables, not programs. */
const ENCODING = /^(?:utf[-_]?(?:8|16|32)(?:[-_]?[bl]e)?|ascii|us-ascii|latin[-_]?1|iso-8859-1)$/i;

/** Whether a text is a word that Keras takes for an argument. A name is any text: Keras only keeps it. */
export function textIsKnown(lists: KerasLists, text: string, key: string, place: readonly Kind[] | undefined): boolean {
  if (key === 'encoding') return ENCODING.test(text);
  if (place === undefined) return lists.freeTexts.has(key) || lists.words.has(text) || DTYPE.test(text) || isSign(text);
  if (place.includes('dtype') && DTYPE.test(text)) return true;
  if (place.includes('metric') && METRICS.has(text)) return true;
  return place.some((kind) => (AREAS[kind] ?? []).some((area) => lists.strings.get(area)?.has(text) === true));
}

/** Texts without letters: separators, and axes such as `-1`. */
function isSign(text: string): boolean {
  return text.length <= 8 && !/[\w/\\.:~$]/.test(text);
}
