import { array, growingChoice, object, optionalOf, type Static, string, wholeNumber } from '../../core/schema/index.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

const CODES = Object.entries(PROBLEM_CODES).sort(([a], [b]) => (a < b ? -1 : 1));
const NAMES = CODES.map(([code]) => code) as readonly ProblemCode[];
const MEANINGS = CODES.map(([code, meaning]) => `- \`${code}\`: ${meaning}`);

/** A problem document of RFC 9457: the body of every error. */
export const ProblemSchema = object(
  {
    type: string({ description: 'The kind of problem: urn:assay:problem:<code>' }),
    title: string({ description: 'Meaning of the status' }),
    status: wholeNumber({ description: 'The HTTP status' }),
    detail: string({ description: 'Cause, and how to correct it' }),
    code: growingChoice(NAMES, {
      type: 'string',
      enum: NAMES,
      description: ['Stable, for programs', '', ...MEANINGS].join('\n'),
    }),
    instance: string({ description: 'urn:assay:request:<id of the request>, as in the log of the service' }),
    errors: optionalOf(
      array(
        object({
          path: string({ description: 'The part of the request, and a JSON pointer into it' }),
          message: string({ description: 'The requirement' }),
        }),
        { description: 'The errors of the request' },
      ),
    ),
  },
  'A problem (RFC 9457)',
);
export type Problem = Static<typeof ProblemSchema>;

export const PROBLEM_TYPE = 'application/problem+json';
