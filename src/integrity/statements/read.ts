import * as v from 'valibot';
import { isAssayError, parseSignedJson } from '../../core/index.ts';
import { SignatureError, sentenceOf, shapeIssue } from '../envelope/index.ts';
import {
  baseline,
  breakGlass,
  conversion,
  dataEvidence,
  digestSet,
  image,
  testResult,
  tests,
  training,
  verificationResult,
  verificationSummary,
  waiver,
} from './predicate-schemas.ts';
import { isKnownPredicate, PREDICATE_TYPES, STATEMENT_TYPE, type Statement } from './statement.ts';
import type { Subject } from './subject.ts';

const MAX_SUBJECTS = 1000;

const subject: v.GenericSchema<unknown, Subject> = v.object({
  name: v.exactOptional(v.string()),
  uri: v.exactOptional(v.string()),
  digest: digestSet,
});

/** Fields that no schema here names are left out, as in-toto's parsing rules have it. */
const frame = v.looseObject({
  _type: v.literal(STATEMENT_TYPE, `is not ${STATEMENT_TYPE}`),
  subject: v.pipe(
    v.array(subject),
    v.minLength(1, 'is empty: the statement has no subject'),
    v.maxLength(MAX_SUBJECTS, 'names too many subjects'),
  ),
  predicateType: v.string(),
});

const anything = v.record(v.string(), v.unknown());

const statement = v.variant('predicateType', [
  statementOf(PREDICATE_TYPES.scan, testResult),
  statementOf(PREDICATE_TYPES['ml-bom'], anything),
  statementOf(PREDICATE_TYPES.approval, verificationResult),
  statementOf(PREDICATE_TYPES.waiver, waiver),
  statementOf(PREDICATE_TYPES['break-glass'], breakGlass),
  statementOf(PREDICATE_TYPES.baseline, baseline),
  statementOf(PREDICATE_TYPES.image, image),
  statementOf(PREDICATE_TYPES.conversion, conversion),
  statementOf(PREDICATE_TYPES.tests, tests),
  statementOf(PREDICATE_TYPES.data, dataEvidence),
  statementOf(PREDICATE_TYPES.training, training),
  statementOf(PREDICATE_TYPES.decision, verificationSummary),
  statementOf(PREDICATE_TYPES['model-signature'], anything),
]);

function statementOf<T extends string, P>(predicateType: T, predicate: v.GenericSchema<unknown, P>) {
  const { _type, subject } = frame.entries;
  return v.object({ _type, subject, predicateType: v.literal(predicateType), predicate });
}

/**
 * Reads the payload of an envelope as a statement of a kind that is known, completely or not at all.
 * @throws SignatureError `statement` for an invalid statement or one that contradicts its type, `predicate` for an unknown
 * type.
 */
export function readStatement(payload: Uint8Array): Statement {
  const json = parse(payload);
  const framed = v.safeParse(frame, json);
  if (!framed.success) throw malformed(framed.issues);
  const { predicateType } = framed.output;
  if (!isKnownPredicate(predicateType)) {
    throw new SignatureError('predicate', `the statement is of an unknown type: ${predicateType}`);
  }
  const read = v.safeParse(statement, json);
  if (!read.success) throw malformed(read.issues);
  return read.output;
}

function parse(payload: Uint8Array): unknown {
  try {
    return parseSignedJson(payload, 'the payload');
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw new SignatureError('statement', `the payload is not a statement: it ${cause.message}`, { cause });
  }
}

function malformed(issues: readonly v.BaseIssue<unknown>[]): SignatureError {
  return new SignatureError('statement', `the payload is not a statement: ${sentenceOf(shapeIssue(issues))}`);
}
