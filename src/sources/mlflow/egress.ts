import { AssayError } from '../../core/index.ts';
import { shownAddress } from '../../core/reference/index.ts';
import { checkAddress, createEgress, discard, type Egress, type EgressInit } from '../../egress/index.ts';
import { envOf, type SourceOptions } from '../source.ts';
import type { MlflowSettings } from './settings.ts';

const MAX_REDIRECTS = 8;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Connections to MLflow. The configured servers may have any address, and get their credentials. The target of a redirect or of
 * an address in an answer must be public and use https, and gets no credentials.
 */
export function mlflowEgress(settings: MlflowSettings, options: SourceOptions): Egress {
  const base = { ...options.egress, env: envOf(options), signal: options.signal };
  const own = createEgress({ ...base, credentials: settings.credentials });
  const foreign = createEgress({ ...base, rules: { ...base.rules, denyPrivate: true } });

  async function fetch(input: string | URL | Request, init: EgressInit = {}): Promise<Response> {
    let url = new URL(input instanceof Request ? input.url : input);
    for (let redirects = 0; settings.origins.includes(url.origin); redirects++) {
      const response = await own.fetch(url, { ...init, redirect: 'manual' });
      const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
      if (location === null) return response;
      await discard(response);
      if (redirects === MAX_REDIRECTS) throw broken(url, `redirected more than ${MAX_REDIRECTS} times`);
      if (!URL.canParse(location, url.href)) throw broken(url, 'redirects to an address that is not valid');
      url = new URL(location, url);
    }
    checkForeign(url, options);
    return foreign.fetch(url, init);
  }

  return {
    fetch,
    async close() {
      await Promise.all([own.close(), foreign.close()]);
    },
  };
}

/**
 * An address that a server named, on another host than its own.
 * @throws AssayError `refused`
 */
export function checkForeign(url: URL, options: SourceOptions): void {
  const hint = 'ask the operator of the MLflow server, or download the model and give its path';
  const subject = shownAddress(url);
  try {
    checkAddress(url, { ...options.egress?.rules, denyPrivate: true });
  } catch (cause) {
    const why = cause instanceof AssayError ? cause.message : 'its address cannot be used';
    throw new AssayError('refused', `the MLflow server redirects to another host: ${why}`, { subject, hint, cause });
  }
  if (url.protocol === 'https:') return;
  throw new AssayError(
    'refused',
    'the MLflow server redirects to http://, which does not protect the bytes from changes',
    {
      subject,
      hint,
    },
  );
}

function broken(url: URL, message: string): AssayError {
  return new AssayError('network', message, { subject: shownAddress(url), hint: 'check MLFLOW_TRACKING_URI' });
}
