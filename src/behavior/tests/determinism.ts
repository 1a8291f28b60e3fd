import { objectOf } from '../../core/schema/index.ts';
import { compareOutputs } from '../../formats/arrays/index.ts';
import { testKind } from './kind.ts';
import { numberMeasure } from './measures.ts';

/** Whether two runs give the same bits. */
export const DETERMINISM = testKind({
  kind: 'determinism',
  area: 'known-input',
  title: 'two runs of the same rows give the same outputs, bit for bit',
  takes: 'any',
  options: objectOf({}, { more: false }),
  async run(_, { model, data }) {
    const [first, second] = [await model.run(data.feeds), await model.run(data.feeds)];
    const outputs = model.signature.outputs.map((output) => ({ ...output, role: 'values' as const }));
    const compared = compareOutputs({ outputs, tolerances: [] }, second, first);
    return {
      measures: compared.map(({ output, different, problem }) =>
        problem === null
          ? numberMeasure(`values of ${output} that differ`, different, { max: 0 })
          : { ...numberMeasure(`${output}: ${problem}`, Number.NaN, {}), pass: false },
      ),
    };
  },
});
