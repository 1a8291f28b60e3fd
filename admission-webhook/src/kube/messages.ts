import { AssayError, cut, isAssayError, systemCode } from '../../../src/core/index.ts';
import type { KubeAccess } from './access.ts';
import { textField } from './fields.ts';
import { KubeError } from './kube-error.ts';

const MAX_SHOWN = 400;

/** What a status that is not a success means, in a line: the server, the cause, the hint. */
export function statusError(
  { server, from }: KubeAccess,
  question: { readonly method: string; readonly path: string },
  status: number,
  body: Buffer,
): KubeError {
  const said = serverSays(body);
  const what = `${question.method} ${cut(question.path, 200)}`;
  const cause = said.answer;
  if (status === 401) {
    const hint = `check the credentials (${from}): the token or certificate may have expired`;
    return new KubeError(status, `${server} does not accept the credentials`, { hint, cause });
  }
  if (status === 403) {
    const hint = `grant ${from} this permission (a Role or ClusterRole, and its binding)`;
    return new KubeError(status, `${server} refuses: ${said.text}`, { hint, cause });
  }
  return new KubeError(status, `${server} answers ${status} to ${what}: ${said.text}`, { cause });
}

/** The `Status` that API servers answer with. */
function serverSays(body: Buffer): { readonly text: string; readonly answer: unknown } {
  const raw = body.toString('utf8', 0, 64 * 1024);
  let answer: unknown = raw;
  try {
    answer = JSON.parse(raw);
  } catch {
    // A proxy between, or a page: shown as text.
  }
  const text = oneLine(textField(answer, 'message') ?? raw);
  return { text: text === '' ? 'it gives no reason' : text, answer };
}

export function oneLine(text: string): string {
  return cut(text.replace(/[\s\p{Cc}]+/gu, ' ').trim(), MAX_SHOWN);
}

/** What kept an answer from coming, in a line. @param lateMs how long was waited, when that was too long */
export function askError(
  access: KubeAccess,
  error: unknown,
  signal: AbortSignal | undefined,
  lateMs: number | undefined,
): AssayError {
  const { server, from } = access;
  if (signal?.aborted === true) return new AssayError('aborted', 'stopped before the end', { cause: error });
  if (isAssayError(error)) return error;
  const reach = 'check that the cluster runs, and its address';
  if (lateMs !== undefined) return new KubeError(0, `${server} does not answer in ${lateMs / 1000} s`, { hint: reach });
  const code = codeOf(error);
  const why = oneLine(error instanceof Error ? error.message : String(error));
  if (code === 'ECONNREFUSED')
    return new KubeError(0, `${server} refuses the connection`, { hint: reach, cause: error });
  if (/CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL/.test(code)) {
    const hint = `check the certificate authority (${from})`;
    return new KubeError(0, `${server} is not trusted: ${why} (${code})`, { hint, cause: error });
  }
  return new KubeError(0, `${server} cannot be reached: ${why}`, { hint: reach, cause: error });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = systemCode(error) ?? '';
  return own === '' && error.cause !== undefined ? codeOf(error.cause) : own;
}
