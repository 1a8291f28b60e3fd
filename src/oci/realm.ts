import { AssayError } from '../core/index.ts';
import { isLoopback, shownAddress } from '../core/reference/index.ts';
import type { OciEndpoint } from './endpoint.ts';

/** A token server that a registry named, and that passed the checks. */
export interface OciRealm {
  readonly url: URL;
  /** Whether the owner of the registry runs it, by its name: then it may receive the credentials of the registry. */
  readonly own: boolean;
}

/** Second-level names under which anybody can register: `example.co.uk`. */
const SHARED_SUFFIX = /^(?:ac|co|com|edu|gob|gov|gv|mil|ne|net|nom|or|org)\.[a-z]{2}$/;

/**
 * The address of a token server is one that a server handed back: only https is allowed, or http on this machine for a registry
 * that is on this machine as well. Credentials go only to a realm on the registry's own host or beside it under the same
 * domain (`registry-1.docker.io`, `auth.docker.io`).
 * @throws AssayError `refused`
 */
export function checkRealm(realm: string, endpoint: OciEndpoint): OciRealm {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined) throw refused('an address that cannot be read', endpoint);
  const plain = url.protocol === 'http:' && isLoopback(url.hostname) && isLoopback(endpoint.hostname);
  if (url.protocol !== 'https:' && !plain) throw refused(`${url.protocol} addresses`, endpoint);
  if (url.username !== '' || url.password !== '') throw refused('an address with a user name', endpoint);
  url.hash = '';
  return { url, own: isOwn(url.hostname, endpoint.hostname) };
}

function isOwn(realm: string, registry: string): boolean {
  if (realm === registry) return true;
  if (isLoopback(realm) || isLoopback(registry)) return isLoopback(realm) && isLoopback(registry);
  const domain = domainOf(registry);
  return domain !== undefined && (realm === domain || realm.endsWith(`.${domain}`));
}

/** The name that the registry's host is under, as far as one owner has it; the host itself where that is not sure. */
function domainOf(hostname: string): string | undefined {
  if (/[:[\]]|\.\d+$/.test(hostname) || !hostname.includes('.')) return undefined;
  const parent = hostname.slice(hostname.indexOf('.') + 1);
  return parent.includes('.') && !SHARED_SUFFIX.test(parent) ? parent : hostname;
}

function refused(what: string, { origin, subject }: OciEndpoint): AssayError {
  return new AssayError('refused', `${shownAddress(origin)} requests tokens from ${what}, which Assay does not use`, {
    subject,
    hint: 'ask the operator of the registry for a token server with https://',
  });
}
