import { dictOf, type Inert, isKind } from '../../../formats/pickle/inert/index.ts';
import type { Estimator } from '../../estimator/index.ts';

/** Half of a character, which UTF-8 does not have. */
const HALF = /\p{Surrogate}/u;

/** The terms of a vectoriser, by the column that counts each. */
export function termsOf(estimator: Estimator): string[] {
  const value = estimator.raw('vocabulary_');
  const vocabulary = dictOf(value);
  if (vocabulary === undefined) throw estimator.wrong('vocabulary_', value, 'not a dict');
  const terms = new Array<string | undefined>(vocabulary.size).fill(undefined);
  for (const [key, item] of vocabulary.entries()) {
    const column = estimator.numberOf(item);
    if (typeof key !== 'string') throw estimator.refuse('a term of its vocabulary is not a text, or is long');
    if (column === undefined || !(column in terms) || terms[column] !== undefined)
      throw estimator.broken(
        `the term ${JSON.stringify(key.slice(0, 40))} has the column ${column} of ${terms.length}`,
      );
    // Rows are filled up with empty texts; the runtime ends a text at NUL, and has no half characters.
    if (key === '' || key.includes('\0') || HALF.test(key))
      throw estimator.refuse(`its vocabulary has the term ${JSON.stringify(key.slice(0, 40))}`);
    terms[column] = key;
  }
  const known = terms.filter((term) => term !== undefined);
  if (known.length === 0 || known.length !== terms.length) throw estimator.broken('its vocabulary has no terms');
  return known;
}

/**
 * How a text becomes the terms that the model takes, as JSON: what the vectoriser says of it, in the order in which it is done.
 * @throws AssayError `unsupported` where that is code which the file does not have
 */
export function vectoriserDocument(estimator: Estimator): string {
  for (const part of ['preprocessor', 'tokenizer'])
    if (!estimator.lacks(part)) throw estimator.refuse(`its ${part} is code that is not in the file`);
  for (const part of ['analyzer', 'strip_accents']) {
    const value = estimator.raw(part) ?? null;
    if (value !== null && typeof value !== 'string')
      throw estimator.refuse(`its ${part} is code that is not in the file`);
  }
  const analyzer = estimator.choice('analyzer', ['word', 'char', 'char_wb'], 'word');
  const accents = estimator.lacks('strip_accents') ? null : estimator.choice('strip_accents', ['ascii', 'unicode']);
  const words = analyzer === 'word';
  const document = {
    format: 'assay.vectoriser/1',
    class: estimator.name,
    version: estimator.version ?? null,
    input: 'terms',
    padding: '',
    lowercase: estimator.flag('lowercase', true),
    stripAccents: accents,
    analyzer,
    tokenPattern: words ? estimator.text('token_pattern') : null,
    stopWords: words ? stopWordsOf(estimator) : null,
    ngrams: ngramsOf(estimator),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The words that are left out, or the name of the list that scikit-learn has. */
function stopWordsOf(estimator: Estimator): readonly string[] | string | null {
  if (estimator.lacks('stop_words')) return null;
  const value = estimator.raw('stop_words') ?? null;
  if (typeof value === 'string') return estimator.choice('stop_words', ['english']);
  const items = isKind(value, 'set') ? value.items : estimator.list('stop_words');
  const words = items.filter((word: Inert) => typeof word === 'string');
  if (words.length !== items.length) throw estimator.refuse('a stop word is not a text');
  return [...new Set(words)].sort();
}

function ngramsOf(estimator: Estimator): readonly [number, number] {
  const [least = 1, most = 1, ...rest] = estimator.has('ngram_range')
    ? estimator.numbersOf(estimator.raw('ngram_range'), 'ngram_range')
    : [];
  if (rest.length > 0 || !Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least < 1 || most < least)
    throw estimator.broken(`ngram_range is (${least}, ${most})`);
  return [least, most];
}
