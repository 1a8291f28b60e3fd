import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '../../../../src/core/index.ts';
import {
  isMissing,
  type KeptSecret,
  type KubeClient,
  patchCaBundle,
  readSecret,
  type WebhookConfigurationKind,
  writeSecret,
} from '../../kube/index.ts';
import type { TlsOptions } from '../options.ts';
import {
  AUTHORITY_RULES,
  type AuthorityRules,
  type KeptAuthority,
  keptData,
  pairOf,
  readKept,
  renewed,
  SECRET_TYPE,
} from './kept-authority.ts';
import type { CertificateSource, ServingPair } from './serving.ts';

export type SelfSignedOptions = Extract<TlsOptions, { readonly kind: 'self-signed' }>;

export interface SelfSignedTimes {
  /** Between two looks at the Secret and the webhook configurations, about. */
  readonly lookMs: number;
  /** Until the API server goes by a configuration that was changed. */
  readonly propagationMs: number;
  readonly rules: AuthorityRules;
  now(): Date;
}

const TIMES: SelfSignedTimes = {
  lookMs: 15_000,
  propagationMs: 5_000,
  rules: AUTHORITY_RULES,
  now: () => new Date(),
};

const MAX_TRIES = 8;
const KINDS: readonly WebhookConfigurationKind[] = ['validating', 'mutating'];

/**
 * An authority of our own and what it issues, in one Secret that all replicas share, renewed long before it ends. The API server is
 * told the authority before anything that it issued is served, and told again when somebody takes it out of a configuration.
 * @throws AssayError, KubeError when there is no certificate to start with
 */
export async function openSelfSigned(
  kube: KubeClient,
  options: SelfSignedOptions,
  more: Partial<SelfSignedTimes> = {},
): Promise<CertificateSource> {
  const times = { ...TIMES, ...more };
  const subject = `Secret ${options.namespace}/${options.secret}`;
  const ended = new AbortController();
  const { signal } = ended;
  const listeners: ((pair: ServingPair) => void)[] = [];
  let problem: string | null = null;
  let kept = await keep(kube, options, times, signal);
  let pair = pairOf(kept, subject);
  let loadedAt = times.now();
  const look = async () => {
    try {
      const newer = await keep(kube, options, times, signal, kept);
      const newerPair = pairOf(newer, subject);
      kept = newer;
      await tellApiServer(kube, options.webhookConfigs, newer, signal);
      problem = null;
      if (newerPair.cert === pair.cert) return;
      // The API server does not use the new certificate at once, whichever replica sent it.
      await sleep(times.propagationMs, undefined, { signal });
      pair = newerPair;
      loadedAt = times.now();
      for (const listener of listeners) listener(pair);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  };
  const looking = (async () => {
    while (!signal.aborted) {
      await look();
      // Replicas do not all ask at once.
      await sleep(times.lookMs * (0.8 + Math.random() * 0.4), undefined, { signal }).catch(() => {});
    }
  })();
  return {
    pair: () => pair,
    health: () => ({ notAfter: pair.notAfter, fingerprint: pair.fingerprint, loadedAt, problem }),
    onChange: (listener) => void listeners.push(listener),
    async close() {
      ended.abort();
      await looking;
    },
  };
}

/** The content of the Secret, created or renewed if needed; the first replica to write wins. A lost Secret is restored from `last`. */
async function keep(
  kube: KubeClient,
  { service, namespace, secret: name }: SelfSignedOptions,
  { rules, now }: SelfSignedTimes,
  signal: AbortSignal,
  last?: KeptAuthority,
): Promise<KeptAuthority> {
  const place = { namespace, name };
  const host = `${service}.${namespace}.svc`;
  const names = [host, `${host}.cluster.local`, `${service}.${namespace}`] as const;
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const secret: KeptSecret | undefined = await readSecret(kube, place, signal);
    const stored = secret === undefined ? undefined : readKept(secret.data);
    const wanted = await renewed(stored ?? last, { names, now: now(), rules });
    if (wanted === stored) return wanted;
    const replacing = { type: SECRET_TYPE, data: keptData(wanted) };
    if (await writeSecret(kube, place, replacing, secret, signal)) return wanted;
  }
  throw new AssayError('network', 'keeps being changed by others', {
    subject: `Secret ${namespace}/${name}`,
    hint: 'make sure that only the webhook writes it',
  });
}

/** A name may stand for a configuration of either kind, or for one of both. */
async function tellApiServer(
  kube: KubeClient,
  names: readonly string[],
  { authorities }: KeptAuthority,
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    const missing: unknown[] = [];
    for (const kind of KINDS) {
      try {
        await patchCaBundle(kube, kind, name, authorities.join(''), signal);
      } catch (error) {
        if (!isMissing(error)) throw error;
        missing.push(error);
      }
    }
    if (missing.length === KINDS.length) throw missing[0];
  }
}
