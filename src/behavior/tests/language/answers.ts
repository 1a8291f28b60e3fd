import { AssayError, quotedName } from '../../../core/index.ts';
import { objectOf, oneOf, optionalOf } from '../../../core/schema/index.ts';
import { type Continuation, finderOf } from '../../language/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { type TestData, testKind } from '../kind.ts';
import { SHARE_BOUNDS, shareMeasure } from '../measures.ts';
import { continueWith, promptsOf } from './continue.ts';

/** The share of prompts that are continued with their answer. */
export const ANSWERS = testKind({
  kind: 'answers',
  area: 'known-input',
  title: 'the share of prompts that are continued with their answer',
  takes: 'prompts',
  options: objectOf(
    {
      match: optionalOf(
        oneOf(['contains', 'exact'], 'Whether the text has the answer in it, or is the answer; contains when absent.'),
      ),
      ...SHARE_BOUNDS,
    },
    { more: false },
  ),
  async run({ match = 'contains', ...bounds }, context) {
    const { model, baseline, data } = context;
    const answers = rowAnswers(data);
    const finders = answers.map((answer) => finderOf({ kind: match, texts: [answer] }));
    const share = async (subject: TestedModel) => {
      const continued = await continueWith(subject, context)(promptsOf(data).texts);
      const right = continued.filter(({ text }: Continuation, row) => (finders[row]?.(text) ?? null) !== null);
      return { count: right.length, of: continued.length };
    };
    const before = baseline === undefined ? undefined : await share(baseline);
    return { measures: [shareMeasure('prompts with their answer', await share(model), bounds, before)] };
  },
});

/** @throws AssayError `usage` for prompts without answers, or one without text */
export function rowAnswers(data: TestData): readonly string[] {
  const { answers } = promptsOf(data);
  if (answers === undefined)
    throw new AssayError('usage', `the data ${quotedName(data.name)} has no answers`, {
      hint: 'name their column in the suite: answers: prompts.jsonl#answer',
    });
  const empty = answers.findIndex((answer) => answer.trim() === '');
  if (empty < 0) return answers;
  throw new AssayError('usage', `the data ${quotedName(data.name)} has no answer in row ${empty + 1}`);
}
