import { Type } from 'typebox';
import { type AssayError, type ErrorCode, isAssayError, systemCode, withHint } from '../../core/index.ts';
import { isRegistryError, type RegistryError, type RegistryErrorCode } from '../../registry/index.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';
import { ServiceError } from './service-error.ts';

const CODES = Object.entries(PROBLEM_CODES).sort(([a], [b]) => (a < b ? -1 : 1));

/** What went wrong, as RFC 9457 has it: the body of every error. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'The kind of problem: urn:assay:problem:<code>' }),
    title: Type.String({ description: 'Meaning of the status' }),
    status: Type.Integer({ description: 'The HTTP status' }),
    detail: Type.String({ description: 'Cause, and how to correct it' }),
    code: Type.Unsafe<ProblemCode>({
      type: 'string',
      enum: CODES.map(([code]) => code),
      description: ['Stable, for programs', '', ...CODES.map(([code, meaning]) => `- \`${code}\`: ${meaning}`)].join(
        '\n',
      ),
    }),
    instance: Type.String({ description: 'urn:assay:request:<id of the request>, as in the log of the service' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            path: Type.String({ description: 'The part of the request, and a JSON pointer into it' }),
            message: Type.String({ description: 'The requirement' }),
          },
          { additionalProperties: false },
        ),
        { description: 'The errors of the request' },
      ),
    ),
  },
  { $id: 'Problem', additionalProperties: false, description: 'A problem (RFC 9457)' },
);

export const PROBLEM_TYPE = 'application/problem+json';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly instance: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Sign in first',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  417: 'Expectation failed',
  422: 'Cannot be processed',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  502: 'Bad gateway',
  503: 'Unavailable',
  507: 'Out of storage',
};

/** Statuses of errors from the floors below, which know nothing of HTTP. */
const CORE_STATUS: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  'not-found': 404,
  unreadable: 422,
  unauthorized: 422,
  network: 502,
  refused: 422,
  mismatch: 422,
  changed: 409,
  truncated: 422,
  malformed: 422,
  unsupported: 422,
  limit: 413,
  sandbox: 500,
  aborted: 503,
  internal: 500,
};

const REGISTRY_STATUS: Readonly<Record<RegistryErrorCode, number>> = {
  invalid: 400,
  'not-found': 404,
  forbidden: 403,
  conflict: 409,
  'no-digest': 422,
  'too-large': 413,
  'queue-full': 429,
  'stage-skipped': 409,
  denied: 409,
  'own-request': 403,
  'already-voted': 409,
  'role-not-asked': 409,
  'method-not-accepted': 409,
  'bad-attestation': 422,
  'no-trust': 409,
  'no-approval-key': 409,
  'not-waivable': 409,
  changed: 409,
  ended: 409,
  'newer-schema': 500,
  unavailable: 503,
  internal: 500,
};

/** Codes of errors that Fastify and its plugins throw. */
const FRAMEWORK: Readonly<
  Record<string, { readonly status: number; readonly code: ProblemCode; readonly detail: string }>
> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'wrong-content-type',
    detail: 'this route does not accept this content type',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'body-too-large', detail: 'the body is larger than allowed' },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'malformed-body',
    detail: 'the body is empty, but its content type is JSON',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: 'malformed-body', detail: 'the body is not JSON' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'malformed-body',
    detail: 'the length of the body differs from its Content-Length',
  },
  FST_ERR_BAD_URL: { status: 400, code: 'malformed-address', detail: 'the address cannot be read' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 404, code: 'no-such-route', detail: 'this address does not exist' },
  FST_UNDER_PRESSURE: { status: 503, code: 'overloaded', detail: 'the service is overloaded; try again shortly' },
};

const OWN_FAULT = 'the service failed; see its log under the id of this request';

/** What a request is told of an error: never a stack, never a path of the machine, never the inside of a defect. */
export function problemOf(error: unknown, requestId: string): Problem {
  const { status, code, detail, errors } = describe(error);
  return {
    type: `urn:assay:problem:${code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    code,
    instance: `urn:assay:request:${requestId}`,
    ...(errors === undefined ? {} : { errors }),
  };
}

type Described = Pick<Problem, 'status' | 'code' | 'detail' | 'errors'>;

function describe(error: unknown): Described {
  if (error instanceof ServiceError) return { status: error.status, code: error.code, detail: error.message };
  if (isAssayError(error)) return describeOther(CORE_STATUS[error.code], error);
  if (isRegistryError(error)) return describeOther(REGISTRY_STATUS[error.code], error);
  if (!(error instanceof Error)) return { status: 500, code: 'internal', detail: OWN_FAULT };
  const known = FRAMEWORK[systemCode(error) ?? ''];
  if (known !== undefined) return known;
  if ('validation' in error && Array.isArray(error.validation)) return describeInvalid(error, error.validation);
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status === 400 && error instanceof SyntaxError)
    return { status, code: 'malformed-body', detail: 'the body is not JSON' };
  if (status >= 400 && status < 500) return { status, code: 'bad-request', detail: 'the request cannot be read' };
  return { status: 500, code: 'internal', detail: OWN_FAULT };
}

/** Of an error from below: what is our own fault is told to the log alone. */
function describeOther(status: number, error: AssayError | RegistryError): Described {
  if (status === 500 || status === 503) return { status, code: error.code, detail: OWN_FAULT };
  return { status, code: error.code, detail: withHint(error) };
}

/** What a validator says of one part of a request. */
interface Invalid {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly additionalProperty?: unknown; readonly allowedValues?: unknown };
}

const MAX_SHOWN_NAME = 60;

/** Which name nobody knows, and which values there are: the message itself leaves that out. */
function moreOf({ additionalProperty, allowedValues }: Invalid['params'] = {}): string {
  if (typeof additionalProperty === 'string') return `: ${JSON.stringify(additionalProperty.slice(0, MAX_SHOWN_NAME))}`;
  return Array.isArray(allowedValues) ? `: ${allowedValues.join(', ')}` : '';
}

/** Most reasons that one answer lists. */
const MAX_REASONS = 20;

function describeInvalid(error: Error, validation: readonly unknown[]): Described {
  const part =
    'validationContext' in error && typeof error.validationContext === 'string' ? error.validationContext : 'request';
  const errors = validation.slice(0, MAX_REASONS).map((entry) => {
    const { instancePath, message, params } = entry as Invalid;
    return { path: `${part}${instancePath ?? ''}`, message: `${message ?? 'is not valid'}${moreOf(params)}` };
  });
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join(', ');
  return { status: 400, code: 'invalid-request', detail, errors };
}
