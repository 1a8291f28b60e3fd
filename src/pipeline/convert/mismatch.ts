import type { ComparedOutput, Conversion, ConversionVerification } from '../../core/conversion/index.ts';
import { AssayError } from '../../core/index.ts';

/** A conversion whose verification failed: nothing was published. */
export class ConversionMismatch extends AssayError {
  /** What was compared. */
  readonly conversion: Conversion;

  constructor(conversion: Conversion) {
    const failed = conversion.files.find(({ verification }) => verification?.pass === false);
    super('mismatch', failed?.verification ? sentence(failed.verification) : 'the verification failed', {
      subject: failed?.path ?? '',
      hint: hintOf(failed?.verification ?? null),
    });
    this.conversion = conversion;
  }
}

const SUBJECTS: Readonly<Record<ConversionVerification['kind'], string>> = {
  'against source outputs': 'the converted model does not compute what the source computes',
  'self-consistency': 'the converted model does not give the same outputs each time',
  'tensor bytes': 'the tensors are not those of the source',
};

function sentence({ kind, compared, problem }: ConversionVerification): string {
  const faults = compared.filter(({ pass }) => !pass).map(faultOf);
  return `${SUBJECTS[kind]}: ${[...(problem === null ? [] : [problem]), ...faults].join('; ')}`;
}

function faultOf({ output, role, compared, different, maxAbsolute, tolerance, problem }: ComparedOutput): string {
  if (problem !== null) return `${output}: ${problem}`;
  const noun = role === 'label' ? 'labels' : 'values';
  if (role === 'label') return `${output}: ${different} of ${compared} ${noun} differ`;
  const most = maxAbsolute === null ? 'some are not finite numbers' : `by up to ${maxAbsolute.toPrecision(3)}`;
  const { absolute, relative } = tolerance;
  return `${output}: ${different} of ${compared} ${noun} differ, ${most} (tolerance ${absolute} + ${relative} of the value)`;
}

function hintOf(verification: ConversionVerification | null): string {
  if (verification?.inputs?.rounded === true)
    return "the inputs were rounded to float32: compute the outputs for X.astype('float32'); nothing was published";
  if (verification?.kind === 'against source outputs')
    return 'check that the outputs are those of this model for these rows, in this order; nothing was published';
  if (verification?.inputs?.from === 'seed')
    return 'if the model takes only some numbers, give rows of your own: --verify inputs.npz; nothing was published';
  return 'nothing was published; report it as a defect of the conversion';
}
