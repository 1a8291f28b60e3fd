import { objectOf, optionalOf, realNumber } from '../../../core/schema/index.ts';
import {
  compareWithRecording,
  decoderOf,
  generate,
  type RecordedText,
  recordedTexts,
  type TextComparison,
} from '../../language/index.ts';
import { type TestContext, type TestOutcome, testKind } from '../kind.ts';
import { numberMeasure, shareMeasure } from '../measures.ts';
import { generateOptions, promptsOf } from './continue.ts';

/** Equal to what was recorded on another machine, but for the order in which numbers were added. */
const USUAL = { absolute: 1e-3, relative: 1e-4 };

/** Whether a language model continues prompts as it was recorded, or as the approved version does. */
export const GENERATION = testKind({
  kind: 'generation',
  area: 'known-input',
  title: 'greedy texts and their logits are those recorded, or those of the approved version',
  takes: 'prompts',
  options: objectOf(
    {
      absolute: optionalOf(realNumber({ minimum: 0, description: 'How far a logit may be off; 0.001 when absent.' })),
      relative: optionalOf(
        realNumber({ minimum: 0, description: 'The same as a share of the expected one; 1e-4 when absent.' }),
      ),
      min: optionalOf(
        realNumber({ minimum: 0, maximum: 1, description: 'The least share of equal texts; 1 when absent.' }),
      ),
    },
    { more: false },
  ),
  async run(options, context): Promise<TestOutcome> {
    const { absolute = USUAL.absolute, relative = USUAL.relative, min = 1 } = options;
    const prompts = promptsOf(context.data);
    const wanted = wantedTexts(context);
    if (wanted === undefined)
      return { measures: [], skipped: 'nothing was recorded: name `recorded` in the data, or give --baseline' };
    const decoder = decoderOf(context.model.runner);
    const texts: TextComparison[] = [];
    for (const [row, ids] of prompts.ids.entries()) {
      const expected = await wanted(row);
      const keepLogits = expected.logits !== undefined;
      const own = await generate(decoder, [...ids], { ...generateOptions(prompts, context), keepLogits });
      texts.push(...compareWithRecording([expected], [own], { absolute, relative }).texts);
      context.onStep(`text ${row + 1} of ${prompts.ids.length}`);
    }
    const equal = texts.filter(({ pass }) => pass).length;
    return {
      measures: [
        shareMeasure('texts that are the same', { count: equal, of: texts.length }, { min }, undefined),
        numberMeasure('texts that the tolerance leaves open', texts.filter(({ undecided }) => undecided).length, {}),
        numberMeasure(
          'logits that differ',
          texts.reduce((sum, { different }) => sum + different, 0),
          {},
        ),
        numberMeasure('largest difference of a logit', Math.max(...texts.map(({ maxAbsolute }) => maxAbsolute)), {}),
      ],
    };
  },
});

/** What is expected of a prompt; a recording comes first. */
function wantedTexts(context: TestContext): ((row: number) => Promise<RecordedText>) | undefined {
  const prompts = promptsOf(context.data);
  if (prompts.recorded !== undefined) {
    const texts = recordedTexts(prompts.recorded, prompts, `data ${context.data.name}`);
    return async (row) => texts[row] ?? { tokens: [] };
  }
  const { baseline } = context;
  if (baseline === undefined) return undefined;
  const decoder = decoderOf(baseline.runner);
  return async (row) => await generate(decoder, [...(prompts.ids[row] ?? [])], generateOptions(prompts, context));
}
