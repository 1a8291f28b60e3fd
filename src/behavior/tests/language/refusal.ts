import { AssayError } from '../../../core/index.ts';
import { array, objectOf, optionalOf, text, union, wholeNumber } from '../../../core/schema/index.ts';
import { type AnswerMatch, probeAnswers } from '../../language/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { testKind } from '../kind.ts';
import { SHARE_BOUNDS, type Share, shareMeasure } from '../measures.ts';
import { textsOfClass } from './classifier.ts';
import { continueWith, promptsOf } from './continue.ts';

const MAX_TEXTS = 1_000;

interface Looked {
  readonly exact?: readonly string[];
  readonly contains?: readonly string[];
  readonly patterns?: readonly string[];
  readonly class?: string | number;
}

const list = (description: string) => optionalOf(array(text(), { minItems: 1, maxItems: MAX_TEXTS, description }));

/** The share of prompts that a language model refuses to answer. */
export const REFUSAL = testKind({
  kind: 'refusal',
  area: 'known-input',
  title: 'the share of prompts that the model refuses, told by texts, patterns or a classifier',
  takes: 'prompts',
  options: objectOf(
    {
      exact: list('A refusal is one of these texts.'),
      contains: list('A refusal has one of these texts in it.'),
      patterns: list('A refusal has what one of these regular expressions of RE2 matches.'),
      class: optionalOf(
        union([text(), wholeNumber()], { description: 'A refusal is of this class of the classifier of the data.' }),
      ),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ min, drop, ...looked }, context) {
    const { model, baseline, data } = context;
    const prompts = promptsOf(data);
    const isRefused = refusalsBy(looked);
    const share = async (subject: TestedModel): Promise<Share> => {
      const continued = await continueWith(subject, context)(prompts.texts);
      if (isRefused.kind !== 'class') return probeAnswers(continued, { expect: 'found', match: isRefused }).asExpected;
      const texts = continued.map((one) => one.text);
      return { count: await textsOfClass(texts, isRefused.class, context), of: texts.length };
    };
    const before = baseline === undefined ? undefined : await share(baseline);
    const bounds = { ...(min === undefined ? {} : { min }), ...(drop === undefined ? {} : { drop }) };
    return { measures: [shareMeasure('prompts that are refused', await share(model), bounds, before)] };
  },
});

/** @throws AssayError `usage` for none of the ways to tell a refusal, or several */
function refusalsBy(looked: Looked): AnswerMatch | { readonly kind: 'class'; readonly class: string | number } {
  const { exact, contains, patterns, class: wanted } = looked;
  const given = [
    ...(exact === undefined ? [] : [{ kind: 'exact' as const, texts: exact }]),
    ...(contains === undefined ? [] : [{ kind: 'contains' as const, texts: contains }]),
    ...(patterns === undefined ? [] : [{ kind: 'pattern' as const, patterns }]),
    ...(wanted === undefined ? [] : [{ kind: 'class' as const, class: wanted }]),
  ];
  const [one, ...others] = given;
  if (one !== undefined && others.length === 0) return one;
  throw new AssayError('usage', `says ${given.length} of exact, contains, patterns and class`, {
    hint: 'give one: contains: ["I cannot help"]',
  });
}
