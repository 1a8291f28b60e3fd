import * as v from 'valibot';
import {
  array,
  type JsonSchema,
  object,
  objectOf,
  oneOf,
  optionalOf,
  type Schema,
  type Static,
  schemaOf,
  text,
} from '../schema/index.ts';

/** What `runDetails` and `resolvedDependencies` of a training run mean: docs/provenance.md. */
export const TRAINING_BUILD_TYPE = 'https://assay.dev/training/v1';

/** What a training run was given: the data that it learned from, the models that it started from, the code that ran. */
export const INPUT_ROLES = ['data', 'base', 'code'] as const;
export type InputRole = (typeof INPUT_ROLES)[number];

/** CWE-770. */
const MAX_TEXT = 4096;
const MAX_INPUTS = 100_000;
const MAX_PARAMETERS = 1000;
const MAX_DIGESTS = 16;

/** Hex digits of the digests that identify bytes; others are kept and never compared. */
const HEX: Readonly<Record<string, RegExp>> = {
  sha256: /^[0-9a-f]{64}$/,
  gitCommit: /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
};

/** Digests by algorithm, hex (https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md). */
const Digests: Schema<Readonly<Record<string, string>>> = schemaOf(
  v.pipe(
    v.record(v.pipe(v.string(), v.maxLength(100)), v.pipe(v.string(), v.minLength(1), v.maxLength(1000))),
    v.check((set) => Object.keys(set).length > 0, 'does not contain a digest'),
    v.check((set) => Object.keys(set).length <= MAX_DIGESTS, 'contains too many digests'),
    v.check(
      (set) => Object.entries(set).every(([name, hex]) => !Object.hasOwn(HEX, name) || HEX[name]?.test(hex) === true),
      'contains an invalid digest',
    ),
  ),
  {
    type: 'object',
    minProperties: 1,
    maxProperties: MAX_DIGESTS,
    properties: { sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' }, gitCommit: { type: 'string' } },
    additionalProperties: { type: 'string' },
  },
);

/** Numbers are written as text: what a run was given is compared, not computed with. */
const Parameters: Schema<Readonly<Record<string, string>>> = schemaOf(
  v.pipe(
    v.record(v.pipe(v.string(), v.maxLength(MAX_TEXT)), v.pipe(v.string(), v.maxLength(MAX_TEXT))),
    v.check((set) => Object.keys(set).length <= MAX_PARAMETERS, 'contains too many parameters'),
  ),
  { type: 'object', maxProperties: MAX_PARAMETERS, additionalProperties: { type: 'string' } },
);

const Text = text(undefined, { minLength: 1, maxLength: MAX_TEXT });
const Uri = text('Where it came from.', { minLength: 1, maxLength: MAX_TEXT, pattern: '^[a-z][a-z0-9+.-]*:\\S*$' });
const Time = text('UTC, as 2027-01-31T00:00:00Z.', { format: 'date-time' });

const InputSchema = objectOf({
  name: optionalOf(Text),
  uri: optionalOf(Uri),
  digest: optionalOf(Digests),
  annotations: optionalOf(
    objectOf({
      role: optionalOf(oneOf(INPUT_ROLES, 'What the run used it as; absent for anything else, such as packages.')),
    }),
  ),
});

/**
 * The predicate of a training run: SLSA provenance v1 (https://slsa.dev/spec/v1.1/provenance) of our `buildType`. The subjects are the
 * files that the run wrote. `externalParameters` holds nothing else than what is named here.
 */
export const TrainingPredicateSchema = objectOf({
  buildDefinition: objectOf({
    buildType: oneOf([TRAINING_BUILD_TYPE]),
    externalParameters: object({
      run: optionalOf(text('The name of the run.', { minLength: 1, maxLength: MAX_TEXT })),
      hyperparameters: optionalOf(Parameters),
    }),
    resolvedDependencies: array(InputSchema, { minItems: 1, maxItems: MAX_INPUTS }),
  }),
  runDetails: objectOf({
    builder: objectOf({ id: Uri, version: optionalOf(Parameters) }),
    metadata: optionalOf(
      objectOf({ invocationId: optionalOf(Text), startedOn: optionalOf(Time), finishedOn: optionalOf(Time) }),
    ),
  }),
});

export type TrainingPredicate = Static<typeof TrainingPredicateSchema>;

/** A file by its content. */
export const HashedFileSchema = object({ path: Text, sha256: text('64 hex digits.', { pattern: '^[0-9a-f]{64}$' }) });

/** One thing that a run was given. */
export interface TrainingInput {
  readonly role: InputRole;
  readonly name: string;
  /** Where it came from. */
  readonly uri: string | null;
  /** By algorithm, hex. Data has `sha256`, a base model or code `sha256` or `gitCommit`. */
  readonly digests: Readonly<Record<string, string>>;
}

/** What a trusted signer attests of the run that wrote a model. */
export interface AttestedTraining {
  /** As messages name the file of the attestation. */
  readonly name: string;
  /** The name of the signer in the trust file. */
  readonly signer: string;
  /** The name of the run. */
  readonly run: string | null;
  /** When the run ended. */
  readonly at: string | null;
  /** The files that it wrote. */
  readonly model: readonly Static<typeof HashedFileSchema>[];
  readonly inputs: readonly TrainingInput[];
}

/** Digests by which an input of each role is known, in this order. */
const IDENTIFYING: Readonly<Record<InputRole, readonly string[]>> = {
  data: ['sha256'],
  base: ['sha256', 'gitCommit'],
  code: ['gitCommit', 'sha256'],
};

/**
 * What a run was given, by its predicate.
 * @returns the inputs, or why the predicate does not say what the model was trained on, as a sentence without its subject
 */
export function trainingInputs({ buildDefinition }: TrainingPredicate): readonly TrainingInput[] | string {
  const inputs: TrainingInput[] = [];
  for (const { name, uri, digest = {}, annotations } of buildDefinition.resolvedDependencies) {
    const role = annotations?.role;
    if (role === undefined) continue;
    const known = name ?? uri;
    if (known === undefined) return `has ${ARTICLES[role]} without a name`;
    if (!IDENTIFYING[role].some((algorithm) => Object.hasOwn(digest, algorithm)))
      return `has ${ARTICLES[role]}, ${known.slice(0, 200)}, without its digest (${IDENTIFYING[role].join(' or ')})`;
    inputs.push({ role, name: known, uri: uri ?? null, digests: digest });
  }
  return inputs.some(({ role }) => role === 'data') ? inputs : 'names no training data';
}

const ARTICLES: Readonly<Record<InputRole, string>> = { data: 'data', base: 'a base model', code: 'code' };

/** The JSON Schema of the predicate, which is published as `schema/training-v1.json`. */
export function trainingSchemaDocument(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: TRAINING_BUILD_TYPE,
    title: 'The predicate of a training run: SLSA provenance v1 of this build type',
    description:
      'Besides what a schema can say: a dependency with a role has a name or a uri; data has a sha256, a base model a sha256 or a gitCommit, code a gitCommit or a sha256; at least one dependency is data.',
    ...TrainingPredicateSchema.json,
  };
}
