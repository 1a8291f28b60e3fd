import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { IssuedPair } from './issue.ts';
import { type ServingPair, servingPair } from './serving.ts';

/** What the replicas share: an authority with those before it, and what it issued for the server. */
export interface KeptAuthority {
  /** PEM, the current authority first, then those that it replaced and that have not ended. */
  readonly authorities: readonly string[];
  readonly authorityKey: string;
  readonly server: IssuedPair;
}

export interface AuthorityRules {
  readonly authorityDays: number;
  readonly serverDays: number;
  /** Of its time, after which something is renewed. */
  readonly renewAfter: number;
}

export const AUTHORITY_RULES: AuthorityRules = { authorityDays: 730, serverDays: 90, renewAfter: 2 / 3 };

/** Names of the keys of the Secret; those of `kubernetes.io/tls`, so that people and tools know them. */
const KEYS = { authorities: 'ca.crt', authorityKey: 'ca.key', cert: 'tls.crt', key: 'tls.key' } as const;
export const SECRET_TYPE = 'kubernetes.io/tls';
const MAX_BYTES = 64 * 1024;
const MAX_AUTHORITIES = 4;

export function readKept(data: ReadonlyMap<string, Buffer>): KeptAuthority | undefined {
  const text = (name: string) => {
    const bytes = data.get(name);
    return bytes === undefined || bytes.length > MAX_BYTES ? '' : bytes.toString('utf8');
  };
  const authorities = text(KEYS.authorities).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (authorities.length === 0 || authorities.length > MAX_AUTHORITIES) return undefined;
  return {
    authorities: authorities.map((pem) => `${pem}\n`),
    authorityKey: text(KEYS.authorityKey),
    server: { cert: text(KEYS.cert), key: text(KEYS.key) },
  };
}

export function keptData({ authorities, authorityKey, server }: KeptAuthority): Readonly<Record<string, string>> {
  return {
    [KEYS.authorities]: authorities.join(''),
    [KEYS.authorityKey]: authorityKey,
    [KEYS.cert]: server.cert,
    [KEYS.key]: server.key,
  };
}

export interface RenewalRequest {
  /** DNS names of the server. */
  readonly names: readonly [string, ...string[]];
  readonly now: Date;
  readonly rules: AuthorityRules;
}

/**
 * What should be kept from now on: the same object while it is good, with a new certificate or a new authority when one has used up
 * most of its time, or cannot be used. Authorities before stay until they end: what they issued is still served somewhere.
 */
export async function renewed(
  kept: KeptAuthority | undefined,
  { names, now, rules }: RenewalRequest,
): Promise<KeptAuthority> {
  const authority = kept === undefined ? undefined : usableAuthority(kept, now, rules);
  if (kept !== undefined && authority !== undefined && isUsableServer(kept, { names, now, rules })) return kept;
  // Seldom needed, and slow to load.
  const { issueAuthority, issueServer } = await import('./issue.ts');
  if (kept !== undefined && authority !== undefined)
    return { ...kept, server: await issueServer(authority, { names, days: rules.serverDays, now }) };
  const fresh = await issueAuthority(`assay admission ${now.toISOString().slice(0, 19)}Z`, {
    days: rules.authorityDays,
    now,
  });
  const before = (kept?.authorities ?? []).filter((pem) => isCurrent(pem, now)).slice(0, MAX_AUTHORITIES - 1);
  return {
    authorities: [fresh.cert, ...before],
    authorityKey: fresh.key,
    server: await issueServer(fresh, { names, days: rules.serverDays, now }),
  };
}

/** @throws AssayError when it cannot be served with */
export function pairOf({ server }: KeptAuthority, subject: string): ServingPair {
  return servingPair(server.cert, server.key, subject);
}

function usableAuthority(kept: KeptAuthority, now: Date, rules: AuthorityRules): IssuedPair | undefined {
  const [cert = ''] = kept.authorities;
  try {
    const x509 = new X509Certificate(cert);
    const key = createPrivateKey(kept.authorityKey);
    const isIts = x509.ca && x509.checkPrivateKey(key) && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isIts && isFresh(x509, now, rules) ? { cert, key: kept.authorityKey } : undefined;
  } catch {
    return undefined;
  }
}

function isUsableServer({ authorities, server }: KeptAuthority, { names, now, rules }: RenewalRequest): boolean {
  try {
    const x509 = new X509Certificate(server.cert);
    const authority = new X509Certificate(authorities[0] ?? '');
    const isIssued = x509.checkIssued(authority) && x509.verify(authority.publicKey);
    const isIts = x509.checkPrivateKey(createPrivateKey(server.key));
    return isIssued && isIts && isFresh(x509, now, rules) && names.every((name) => x509.checkHost(name) !== undefined);
  } catch {
    return false;
  }
}

function isFresh({ validFrom, validTo }: X509Certificate, now: Date, { renewAfter }: AuthorityRules): boolean {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return now.getTime() >= from && now.getTime() < from + (to - from) * renewAfter;
}

function isCurrent(pem: string, now: Date): boolean {
  try {
    return Date.parse(new X509Certificate(pem).validTo) > now.getTime();
  } catch {
    return false;
  }
}
