import {
  countOf,
  DIGEST,
  flagOf,
  list,
  nullable,
  object,
  oneOf,
  realOf,
  type Static,
  text,
} from '../../schema/index.ts';

/** What an output of a converted model is, which says how it is compared. */
export const OUTPUT_ROLES = ['label', 'probabilities', 'decision', 'values', 'transformed'] as const;
export type OutputRole = (typeof OUTPUT_ROLES)[number];

/** What a verification compares: the model with its source, the model with itself, or tensors with those of the source. */
export const VERIFICATION_KINDS = ['against source outputs', 'self-consistency', 'tensor bytes'] as const;

const ComparedOutputSchema = object({
  output: text('The name of the output.'),
  role: oneOf(OUTPUT_ROLES),
  compared: countOf('The number of values that were compared; for labels, of rows.'),
  different: countOf('How many of them differ by more than the tolerance.'),
  undecided: countOf(
    'Rows whose label was not compared, because their two highest scores differ by no more than the tolerance.',
  ),
  maxAbsolute: nullable(
    realOf('The largest difference; null for labels, and where only one of two values is a finite number.'),
  ),
  maxRelative: nullable(realOf('The largest difference divided by the expected value, where that is not 0.')),
  agreement: nullable(realOf('The share of the compared labels that are equal; null for numbers.')),
  tolerance: object({ absolute: realOf(), relative: realOf() }),
  problem: nullable(text('Why the output cannot be compared, such as another shape.')),
  pass: flagOf(),
});

/** How a written file was verified, and with which result. */
export const VerificationSchema = object({
  kind: oneOf(VERIFICATION_KINDS),
  of: oneOf(
    ['file', 'onnx graph'],
    'What was compared: the file itself, or the ONNX graph that it was translated from, which is not published.',
  ),
  pass: flagOf({ description: 'A conversion whose verification fails is not published.' }),
  runtime: nullable(object({ name: text(), version: text() }, 'What ran the model; null when nothing ran.')),
  inputs: nullable(
    object({
      from: oneOf(
        ['file', 'seed', 'sandbox'],
        'The file of the user, or numbers drawn from a fixed seed; with the outputs of the model that ran in a sandbox.',
      ),
      sha256: text('Of the file; of drawn inputs, of their names, types, shapes and bytes.', DIGEST),
      rounded: flagOf({ description: 'Whether numbers of 64 bits were rounded to the 32 bits that the model takes.' }),
    }),
  ),
  outputs: nullable(object({ sha256: text('Of the file with the outputs of the source.', DIGEST) })),
  rows: countOf('Rows of the inputs; for tensor bytes, tensors.'),
  runs: list(text(), 'What the outputs were compared with, when it is the model itself.'),
  tensors: nullable(
    text('SHA-256 of the names, types, shapes and bytes of all tensors, which source and file share.', DIGEST),
  ),
  problem: nullable(text('Why it failed, when no output is to blame.')),
  compared: list(ComparedOutputSchema),
});

export type ConversionVerification = Static<typeof VerificationSchema>;
export type ComparedOutput = ConversionVerification['compared'][number];
