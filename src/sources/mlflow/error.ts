import { AssayError, isAssayError, parseBoundedJson } from '../../core/index.ts';
import { httpError, tooMany } from '../../egress/index.ts';

/** What was asked of MLflow, for messages. */
export interface MlflowQuestion {
  /** Address of the server. */
  readonly server: string;
  /** `models:/name/version` */
  readonly subject: string;
  /** `version 3`, `alias prod`: the object that does not exist when the server says so. */
  readonly what: string;
  readonly signedIn: boolean;
}

const ERROR_BOUNDS = { maxBytes: 64 * 1024, maxDepth: 8, maxTokens: 1_000 };
/** The codes of MLflow for an object that does not exist; an alias that is missing is an "invalid parameter". */
const MISSING: ReadonlySet<string> = new Set(['RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE']);

/** The error for an unsuccessful status of MLflow, by the `error_code` in its body. */
export function mlflowError(response: Response, body: Uint8Array, asked: MlflowQuestion): AssayError {
  const { server, subject, what, signedIn } = asked;
  const { status } = response;
  if (response.url !== '' && new URL(response.url).origin !== new URL(server).origin)
    return httpError(response, response.url);
  if (status === 401 || status === 403) {
    const message = signedIn ? 'the MLflow server does not accept the login' : 'the MLflow server requires a login';
    return new AssayError('unauthorized', `${message} (${status})`, {
      subject,
      hint: signedIn
        ? 'check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, and their read access to the model'
        : 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN',
    });
  }
  if (status === 429) return tooMany(response, subject, 'wait, then try again');
  const code = errorCode(body);
  if (code !== undefined && MISSING.has(code) && status < 500) {
    return new AssayError('not-found', `the MLflow server has no ${what}`, {
      subject,
      hint: 'check the name, and the version or alias',
    });
  }
  if (status < 500 && code === undefined) return noMlflow(server, `answers with a page (${status})`);
  const said = code === undefined ? '' : ` and ${code}`;
  return new AssayError('network', `the MLflow server answers with the status ${status}${said}`, {
    subject,
    hint: 'try again later',
  });
}

/** An answer that MLflow does not give. */
export function noMlflow(server: string, what: string, cause?: unknown): AssayError {
  return new AssayError('network', `the server ${what}: that is not an MLflow server`, {
    subject: server,
    hint: 'check MLFLOW_TRACKING_URI and MLFLOW_REGISTRY_URI',
    cause,
  });
}

function errorCode(body: Uint8Array): string | undefined {
  try {
    const json = parseBoundedJson(body, 'error', ERROR_BOUNDS);
    const code = typeof json === 'object' && json !== null && 'error_code' in json ? json.error_code : undefined;
    return typeof code === 'string' && /^[A-Z][A-Z_]{0,63}$/.test(code) ? code : undefined;
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}
