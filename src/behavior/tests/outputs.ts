import type { ComparedOutput } from '../../core/conversion/index.ts';
import { AssayError, quotedName } from '../../core/index.ts';
import { array, objectOf, optionalOf, realNumber, text } from '../../core/schema/index.ts';
import { compareOutputs } from '../../formats/arrays/index.ts';
import { testKind } from './kind.ts';
import { numberMeasure, shareMeasure } from './measures.ts';

/** Equal to what was recorded on another machine, but for the order in which numbers were added. */
const USUAL = { absolute: 1e-5, relative: 1e-4 };

/** Whether a model gives the outputs that were recorded. */
export const OUTPUTS = testKind({
  kind: 'outputs',
  area: 'known-input',
  title: 'the outputs are those that were recorded, within a tolerance (0 for equal bits)',
  options: objectOf(
    {
      outputs: optionalOf(
        array(text(), {
          description: 'The names of the outputs that are compared; all that were recorded when absent.',
        }),
      ),
      absolute: optionalOf(realNumber({ minimum: 0, description: 'How far a number may be off; 1e-5 when absent.' })),
      relative: optionalOf(
        realNumber({ minimum: 0, description: 'The same as a share of the expected number; 1e-4 when absent.' }),
      ),
    },
    { more: false },
  ),
  async run({ outputs: named, absolute = USUAL.absolute, relative = USUAL.relative }, { model, data }) {
    const { expected } = data;
    if (expected === undefined)
      throw new AssayError('usage', `the data ${quotedName(data.name)} has no expected outputs`, {
        hint: 'name them in the suite: outputs: { file: outputs.npz }; assay test --record writes them',
      });
    const outputs = model.signature.outputs.filter(({ name }) => (named ?? [...expected.keys()]).includes(name));
    const missing = (named ?? [...expected.keys()]).find((name) => !outputs.some((output) => output.name === name));
    if (missing !== undefined) throw new AssayError('usage', `the model has no output ${quotedName(missing)}`);
    const tolerances = outputs.map(({ name }) => ({ output: name, absolute, relative }));
    const compared = compareOutputs({ outputs, tolerances }, await model.run(data.feeds), expected);
    return { measures: compared.flatMap(measuresOf) };
  },
});

function measuresOf({
  output,
  role,
  problem,
  compared,
  different,
  maxAbsolute,
}: ComparedOutput): ReturnType<typeof numberMeasure>[] {
  if (problem !== null) return [{ ...numberMeasure(`${output}: ${problem}`, Number.NaN, {}), pass: false }];
  if (role === 'label')
    return [
      shareMeasure(`equal labels of ${output}`, { count: compared - different, of: compared }, { min: 1 }, undefined),
    ];
  const largest = maxAbsolute === null ? [] : [numberMeasure(`largest difference of ${output}`, maxAbsolute, {})];
  return [numberMeasure(`values of ${output} that differ`, different, { max: 0 }), ...largest];
}
