import { lookup as dnsLookup } from 'node:dns';
import { lookup as dnsLookupPromise } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AssayError } from '../core/index.ts';

/** What connections may be opened. The default opens all; a service that fetches what others name tightens it. */
export interface AddressRules {
  /** Refuse loopback, private, link-local and every other range that is not of the public internet. */
  readonly denyPrivate?: boolean;
  /** When given, only these host names (and names below them) are spoken to. */
  readonly hosts?: readonly string[];
}

/** IANA special-purpose registries (RFC 6890 and successors): what no public server answers from. */
const PRIVATE_V4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Only 2000::/3 is global unicast; within it, the ranges that tunnel to a v4 address or document. */
const PRIVATE_V6: readonly [string, number][] = [
  ['::', 3],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['4000::', 2],
  ['8000::', 1],
];

const v4 = new BlockList();
for (const [network, prefix] of PRIVATE_V4) v4.addSubnet(network, prefix, 'ipv4');
const v6 = new BlockList();
for (const [network, prefix] of PRIVATE_V6) v6.addSubnet(network, prefix, 'ipv6');

/** Whether a literal address is outside the public internet. A v6 address that maps a v4 one is never public. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return v4.check(address, 'ipv4');
  return family !== 6 || v6.check(address, 'ipv6');
}

/** @throws AssayError `refused` when the rules forbid the address as it is written. */
export function checkAddress(url: URL, rules: AddressRules): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(url.protocol, 'addresses are not allowed');
  const host = bare(url.hostname);
  if (rules.hosts !== undefined && !rules.hosts.some((name) => host === name || host.endsWith(`.${name}`))) {
    throw refused(host, 'is not among the allowed hosts');
  }
  if (rules.denyPrivate === true && isIP(host) !== 0 && isPrivateAddress(host))
    throw refused(host, 'is not a public address');
}

/** To which address is not said: whoever names hosts to a service would be told the map of its network. */
const INSIDE = 'resolves to an address that is not public';

/**
 * Resolves a name and hands out only addresses that passed the rules, so that the address checked is the address connected
 * to. One forbidden address among a name's refuses the name.
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const bad = rules.denyPrivate === true ? addresses.find((entry) => isPrivateAddress(entry.address)) : undefined;
      if (bad !== undefined) return callback(refused(hostname, INSIDE), []);
      const first = addresses[0];
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

/**
 * Behind a proxy the proxy resolves names: what this machine knows of the name is checked as well as it can be.
 * @throws AssayError `refused`
 */
export async function checkBehindProxy(url: URL, rules: AddressRules): Promise<void> {
  if (rules.denyPrivate !== true || isIP(bare(url.hostname)) !== 0) return;
  const addresses = await dnsLookupPromise(url.hostname, { all: true }).catch(() => []);
  const bad = addresses.find((entry) => isPrivateAddress(entry.address));
  if (bad !== undefined) throw refused(url.hostname, INSIDE);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function refused(host: string, why: string): AssayError {
  return new AssayError('refused', `${host} ${why}`, {
    subject: host,
    hint: 'ask the operator of this service to allow the host',
  });
}
