import { AssayError } from '../../core/index.ts';
import { shownAddress } from '../../core/reference/index.ts';
import { checkAddress, createEgress, discard, type Egress, type EgressInit } from '../../egress/index.ts';
import { envOf, type SourceOptions } from '../source.ts';
import type { MlflowSettings } from './settings.ts';

const MAX_REDIRECTS = 8;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The way to MLflow. The servers that the user configured are spoken to wherever they are, with their credentials. Where
 * these servers send on to, by a redirect or by an address in an answer, must be public and behind https, and gets none.
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
      if (!URL.canParse(location, url.href)) throw broken(url, 'redirects to an address that cannot be read');
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
  const hint = 'ask who runs the MLflow server, or download the model and give its path';
  const subject = shownAddress(url);
  try {
    checkAddress(url, { ...options.egress?.rules, denyPrivate: true });
  } catch (cause) {
    const why = cause instanceof AssayError ? cause.message : 'it cannot be spoken to';
    throw new AssayError('refused', `the MLflow server sends to another host: ${why}`, { subject, hint, cause });
  }
  if (url.protocol === 'https:') return;
  throw new AssayError('refused', 'the MLflow server sends to http://, where anyone on the way can change the bytes', {
    subject,
    hint,
  });
}

function broken(url: URL, message: string): AssayError {
  return new AssayError('network', message, { subject: shownAddress(url), hint: 'check MLFLOW_TRACKING_URI' });
}
