import { AssayError, isAssayError } from '../../core/index.ts';
import { isRegion } from './settings.ts';

/** What was asked, for the words of a refusal. */
export interface S3Question {
  /** `s3://bucket/key` */
  readonly subject: string;
  readonly bucket: string;
  /** Where, when it is not Amazon. */
  readonly endpoint: string | undefined;
  /** The request carried a signature. */
  readonly signed: boolean;
}

const CREDENTIALS = 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

/** Errors of S3 and the security token service. AssayErrors pass through. */
export function s3Error(error: unknown, asked: S3Question): AssayError {
  if (isAssayError(error)) return error;
  const { code, status } = answerOf(error);
  const make = (kind: AssayError['code'], message: string, hint: string) =>
    new AssayError(kind, message, { subject: asked.subject, hint, cause: error });
  switch (code) {
    case 'NoSuchBucket':
      return make('not-found', `the bucket ${asked.bucket} does not exist${placeOf(asked)}`, checkPlace(asked));
    case 'NoSuchVersion':
      return make('not-found', 'the object has no such version', 'check the versionId');
    case 'InvalidAccessKeyId':
    case 'InvalidClientTokenId':
      return make('unauthorized', `the access key is not known${placeOf(asked)}`, CREDENTIALS);
    case 'SignatureDoesNotMatch':
      return make('unauthorized', 'the secret key does not match the access key', CREDENTIALS);
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'RequestExpired':
    case 'TokenRefreshRequired':
      return make('unauthorized', 'the credentials have expired', 'sign in again, for example with aws sso login');
    case 'InvalidToken':
    case 'InvalidIdentityToken':
    case 'IDPRejectedClaim':
      return make('unauthorized', 'the token of the credentials is not accepted', 'sign in again');
    case 'RequestTimeTooSkewed':
      return make('unauthorized', "this machine's clock differs from the server's", 'set the clock');
    case 'InvalidObjectState':
      return make('unreadable', 'the object is archived', 'restore it, then try again');
    case 'PreconditionFailed':
      return changed(asked.subject, error);
    case 'NotImplemented':
    case 'MethodNotAllowed':
      return make('unsupported', 'the server does not support this request of S3', checkPlace(asked));
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return elsewhere(error, asked);
    default:
      return byStatus(error, status, code, asked);
  }
}

/** The opened bytes no longer exist. */
export function changed(subject: string, cause?: unknown): AssayError {
  return new AssayError('changed', 'changed in the bucket while it was read', {
    subject,
    hint: 'scan it again',
    cause,
  });
}

/** The region that S3 says a bucket is in, when a request went to another. */
export function regionOf(error: unknown): string | undefined {
  const { headers } = answerOf(error);
  const named = headers['x-amz-bucket-region'] ?? (isRecord(error) ? error.Region : undefined);
  return typeof named === 'string' && isRegion(named) ? named : undefined;
}

function byStatus(error: unknown, status: number | undefined, code: string, asked: S3Question): AssayError {
  const make = (kind: AssayError['code'], message: string, hint: string) =>
    new AssayError(kind, message, { subject: asked.subject, hint, cause: error });
  if (status === undefined || status < 300) {
    return make('network', 'the server does not answer like S3', checkPlace(asked));
  }
  if (status < 400) return elsewhere(error, asked);
  if (status === 404) return make('not-found', `the object does not exist${placeOf(asked)}`, 'check the key');
  if (status === 401 || status === 403) {
    return asked.signed
      ? make('unauthorized', `access is denied (${code})`, 'ask for s3:GetObject and s3:ListBucket on it')
      : make('unauthorized', `access is denied to a request without a signature (${code})`, CREDENTIALS);
  }
  if (status === 412) return changed(asked.subject, error);
  if (status === 429 || status === 503)
    return make('network', `the server accepts no more requests for now (${code})`, 'wait, then try again');
  return make('network', `the server answers with the status ${status} (${code})`, 'try again later');
}

function elsewhere(error: unknown, asked: S3Question): AssayError {
  const region = regionOf(error);
  const where = region === undefined ? 'elsewhere' : `in the region ${region}`;
  return new AssayError('network', `the server says that the bucket is ${where}`, {
    subject: asked.subject,
    hint: region === undefined ? 'set AWS_REGION to the region of the bucket' : `set AWS_REGION=${region}`,
    cause: error,
  });
}

function placeOf({ endpoint }: S3Question): string {
  return endpoint === undefined ? '' : ` at ${endpoint}`;
}

function checkPlace({ endpoint }: S3Question): string {
  return endpoint === undefined
    ? 'check the name, and set AWS_ENDPOINT_URL if the bucket is not at Amazon'
    : 'check the name, and AWS_ENDPOINT_URL';
}

/** The parts of an error of the AWS clients. A code of the server is used only if it has the form of a code. */
function answerOf(error: unknown): { code: string; status: number | undefined; headers: Record<string, unknown> } {
  const from = isRecord(error) ? error : {};
  const metadata = isRecord(from.$metadata) ? from.$metadata : {};
  const response = isRecord(from.$response) ? from.$response : {};
  const status = metadata.httpStatusCode ?? response.statusCode;
  const name = typeof from.Code === 'string' ? from.Code : from.name;
  return {
    code: typeof name === 'string' && /^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(name) ? name : 'no code',
    status: typeof status === 'number' ? status : undefined,
    headers: isRecord(response.headers) ? response.headers : {},
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
