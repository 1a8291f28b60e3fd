import { lookup as dnsLookup } from 'node:dns';
import { lookup as dnsLookupPromise } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AssayError } from '../core/index.ts';

/** The rules for connections. The default allows all but link-local addresses and those of metadata services; a service that fetches addresses from users restricts them. */
export interface AddressRules {
  /** Refuse loopback, private, link-local and every other range outside the public internet. */
  readonly denyPrivate?: boolean;
  /** Hosts, with all names below them, and networks (`10.0.0.0/8`) that are not refused as private. */
  readonly allow?: readonly string[];
  /** When given, only these host names and names below them are allowed. */
  readonly hosts?: readonly string[];
}

/** IANA special-purpose registries (RFC 6890 and successors): addresses that no public server has. */
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

/**
 * Link-local networks, where machines of a cloud get their credentials, and the addresses of such services elsewhere. No model is
 * there: they are refused whatever else is allowed.
 */
const NEVER_V4: readonly [string, number][] = [
  ['169.254.0.0', 16],
  // Alibaba Cloud, and the wire server of Azure.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
];
const NEVER_V6: readonly [string, number][] = [
  ['fe80::', 10],
  // AWS and Google Cloud.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
];
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'instance-data',
  'instance-data.ec2.internal',
]);

const neverV4 = new BlockList();
for (const [network, prefix] of NEVER_V4) neverV4.addSubnet(network, prefix, 'ipv4');
const neverV6 = new BlockList();
for (const [network, prefix] of NEVER_V6) neverV6.addSubnet(network, prefix, 'ipv6');

/** Whether an address is link-local or gives the credentials of a machine; a v6 address that maps such a v4 one is, too. */
export function isMetadataAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 4) return neverV4.check(plain, 'ipv4');
  // A list of v4 networks also knows the v6 addresses that map to them.
  return family === 6 && (neverV6.check(plain, 'ipv6') || neverV4.check(plain, 'ipv6'));
}

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
  if (METADATA_NAMES.has(host.toLowerCase()) || isMetadataAddress(host)) throw refused(host, NEVER);
  if (rules.denyPrivate === true && isIP(host) !== 0 && isPrivateAddress(host) && !allowedBy(rules).address(host))
    throw refused(host, 'is not a public address');
}

/** The message does not state the address: a user who names hosts could map the network of the service. */
const NEVER = 'is link-local, or gives the credentials of a machine';
const INSIDE = 'resolves to an address that is not public';

/**
 * Resolves a name and returns only addresses that passed the rules, so that the checked address is the connected address. One
 * forbidden address refuses the whole name.
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const bad = addresses.find(({ address }) => isRefused(hostname, address, rules));
      if (bad !== undefined) return callback(refused(hostname, INSIDE), []);
      const first = addresses[0];
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

/**
 * Behind a proxy the proxy resolves names: the name is checked by what this machine resolves.
 * @throws AssayError `refused`
 */
export async function checkBehindProxy(url: URL, rules: AddressRules): Promise<void> {
  // On the command line a proxy is trusted with names: many machines behind one cannot resolve any.
  if (rules.denyPrivate === undefined || isIP(bare(url.hostname)) !== 0) return;
  const addresses = await dnsLookupPromise(url.hostname, { all: true }).catch(() => []);
  const bad = addresses.find(({ address }) => isRefused(bare(url.hostname), address, rules));
  if (bad !== undefined) throw refused(url.hostname, INSIDE);
}

function isRefused(hostname: string, address: string, rules: AddressRules): boolean {
  if (isMetadataAddress(address)) return true;
  if (rules.denyPrivate !== true || !isPrivateAddress(address)) return false;
  const allowed = allowedBy(rules);
  return !allowed.host(hostname) && !allowed.address(address);
}

/** What a list of places allows, in private networks. */
interface Allowed {
  host(name: string): boolean;
  address(address: string): boolean;
}

const read = new WeakMap<readonly string[], Allowed>();
const NONE: Allowed = { host: () => false, address: () => false };

function allowedBy({ allow }: AddressRules): Allowed {
  if (allow === undefined || allow.length === 0) return NONE;
  const known = read.get(allow) ?? readPlaces(allow);
  read.set(allow, known);
  return known;
}

function readPlaces(places: readonly string[]): Allowed {
  const networks = new BlockList();
  const hosts: string[] = [];
  for (const place of places) {
    const network = networkOf(place);
    if (network === undefined) hosts.push(bare(place.toLowerCase()));
    else networks.addSubnet(network.address, network.bits, network.family);
  }
  return {
    host: (name) => {
      const host = bare(name.toLowerCase());
      return hosts.some((one) => host === one || host.endsWith(`.${one}`));
    },
    address: (address) => {
      const plain = address.replace(/%.*$/, '');
      return isIP(plain) !== 0 && networks.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

/** An address, or a network with the length of its prefix; `undefined` for a name. */
export function networkOf(
  place: string,
): { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', prefix, ...more] = place.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? most : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  return bits >= 1 && bits <= most ? { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' } : undefined;
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
