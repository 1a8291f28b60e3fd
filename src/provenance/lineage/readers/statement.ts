import * as v from 'valibot';
import { AssayError } from '../../../core/index.ts';
import { TRAINING_BUILD_TYPE, TrainingPredicateSchema, trainingInputs } from '../../../core/lineage/index.ts';
import { DocumentBuilder, type LineageDocument, type SaidDigest } from '../document.ts';
import { jsonFields } from '../json.ts';

const STATEMENT = 'https://in-toto.io/Statement/v1';
const PROVENANCE = 'https://slsa.dev/provenance/v1';
const MAX_SUBJECTS = 1000;

const Statement = v.object({
  subject: v.pipe(
    v.array(v.object({ name: v.optional(v.string(), ''), digest: v.record(v.string(), v.string()) })),
    v.minLength(1),
    v.maxLength(MAX_SUBJECTS),
  ),
  predicate: TrainingPredicateSchema as v.GenericSchema<unknown, v.InferOutput<typeof TrainingPredicateSchema>>,
});

export function isStatement(document: Readonly<Record<string, unknown>>): boolean {
  return document._type === STATEMENT;
}

/** The payload of a DSSE envelope, alone or in a Sigstore bundle; `undefined` for anything else. */
export function payloadOf(document: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  const { payload, signatures } = Object.hasOwn(document, 'dsseEnvelope')
    ? jsonFields(document.dsseEnvelope)
    : document;
  return typeof payload === 'string' && Array.isArray(signatures) ? Buffer.from(payload, 'base64') : undefined;
}

/**
 * Reads the SLSA provenance (v1) of a training run, as what it is without its signature: a claim.
 * @param signed whether it stood in an envelope
 * @throws AssayError `unsupported` for a statement of something else, `malformed`, `limit`
 */
export function readTrainingStatement(
  document: Readonly<Record<string, unknown>>,
  name: string,
  signed: boolean,
): LineageDocument {
  const { buildType } = jsonFields(jsonFields(document.predicate).buildDefinition);
  if (document.predicateType !== PROVENANCE || buildType !== TRAINING_BUILD_TYPE) {
    throw new AssayError(
      'unsupported',
      `is a statement of something else than a training run (${TRAINING_BUILD_TYPE})`,
      {
        subject: name,
      },
    );
  }
  const read = v.safeParse(Statement, document);
  const inputs = read.success
    ? trainingInputs(read.output.predicate)
    : `${v.getDotPath(read.issues[0]) ?? 'it'} is not valid`;
  if (!read.success || typeof inputs === 'string')
    throw new AssayError('malformed', `is not the statement of a training run: ${inputs}`, { subject: name });
  const builder = new DocumentBuilder('in-toto', name);
  const run = builder.entity({
    kind: 'run',
    name: read.output.predicate.buildDefinition.externalParameters.run ?? name,
  });
  for (const { name: file, digest } of read.output.subject) {
    builder.claim(builder.entity({ kind: 'model', name: file, digests: said(digest) }), 'trained by', run);
  }
  for (const { role, name: input, uri, digests } of inputs) {
    const kind = role === 'base' ? 'model' : role;
    const entity = builder.entity({ kind, name: input, uri, digests: said(digests) });
    builder.claim(run, role === 'data' ? 'trained on' : role === 'base' ? 'started from' : 'ran', entity);
  }
  builder.note(
    signed
      ? 'has a signature, which counts when the file is given with --attestation, and its signer is trusted'
      : 'is a statement without a signature',
  );
  return builder.done();
}

function said(digests: Readonly<Record<string, string>>): SaidDigest[] {
  return Object.entries(digests).map(([algorithm, hex]) => ({ algorithm, hex, of: 'bytes' }));
}
