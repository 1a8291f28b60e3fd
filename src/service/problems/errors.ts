import { type AssayError, type ErrorCode, isAssayError, systemCode, withHint } from '../../core/index.ts';
import type { Problem, ProblemCode } from '../../registry/api/index.ts';
import { isRegistryError, type RegistryError, type RegistryErrorCode } from '../../registry/index.ts';
import { InvalidRequest } from './invalid-request.ts';
import { ServiceError } from './service-error.ts';

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
  421: 'Another address',
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
  'broken-log': 500,
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

/** The parts of an error for a client: never a stack, a path of the machine or details of a defect. */
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
  if (error instanceof InvalidRequest) {
    return { status: 400, code: 'invalid-request', detail: error.message, errors: error.errors };
  }
  if (error instanceof ServiceError) return { status: error.status, code: error.code, detail: error.message };
  if (isAssayError(error)) return describeOther(CORE_STATUS[error.code], error);
  if (isRegistryError(error)) return describeOther(REGISTRY_STATUS[error.code], error);
  if (!(error instanceof Error)) return { status: 500, code: 'internal', detail: OWN_FAULT };
  const known = FRAMEWORK[systemCode(error) ?? ''];
  if (known !== undefined) return known;
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status === 400 && error instanceof SyntaxError)
    return { status, code: 'malformed-body', detail: 'the body is not JSON' };
  if (status >= 400 && status < 500) return { status, code: 'bad-request', detail: 'the request cannot be read' };
  return { status: 500, code: 'internal', detail: OWN_FAULT };
}

/** The public part of an error of a lower layer: a fault of the service is only logged. */
function describeOther(status: number, error: AssayError | RegistryError): Described {
  if (status === 500 || status === 503) return { status, code: error.code, detail: OWN_FAULT };
  return { status, code: error.code, detail: withHint(error) };
}
