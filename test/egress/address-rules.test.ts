import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/core/index.ts';
import { checkAddress, guardedLookup, isMetadataAddress } from '../../src/egress/address-rules.ts';
import { connectionError, portlessMessage } from '../../src/egress/connection-error.ts';

const NEVER = [
  '169.254.169.254',
  '169.254.0.1',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[fe80::1]',
  '[febf::1]',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '168.63.129.16',
  // Other ways to write 169.254.169.254, which a URL reads as one.
  '0xa9fea9fe',
  '2852039166',
  '169.254.43518',
  '0251.0376.0251.0376',
  'metadata.google.internal',
  'metadata.google.internal.',
  'METADATA',
] as const;

describe('link-local addresses and metadata services', () => {
  it.each(NEVER)('are refused whatever else is allowed: %s', (host) => {
    const url = new URL(`http://${host}/latest/meta-data/`);
    for (const rules of [{}, { denyPrivate: false }, { denyPrivate: true }]) {
      expect(() => checkAddress(url, rules)).toThrow(
        /is link-local, or gives the credentials of a machine|not a public/,
      );
    }
  });

  it.each(['127.0.0.1', '10.0.0.1', '192.168.1.1', '[::1]', '[fd00::1]', '[fec0::1]', 'hub.example', '8.8.8.8'])(
    'are not confused with others, which rules may allow: %s',
    (host) => {
      expect(() => checkAddress(new URL(`http://${host}/`), {})).not.toThrow();
    },
  );

  it('are known with a zone, and no name is one', () => {
    expect(isMetadataAddress('fe80::1%eth0')).toBe(true);
    expect(isMetadataAddress('169.254.169.254.example')).toBe(false);
    expect(isMetadataAddress('')).toBe(false);
  });

  it('are refused where a name resolves to them, without a connection', async () => {
    const answer = await new Promise<Error | null>((resolve) => {
      guardedLookup({})('169.254.169.254', { all: true }, (error) => resolve(error));
    });
    expect(answer?.message).toBe('169.254.169.254 resolves to an address that is not public');
  });
});

describe('a connection that fails', () => {
  const url = new URL('http://10.0.0.7:6379/');
  const failed = (code: string) =>
    connectionError(new Error('fetch failed', { cause: Object.assign(new Error(code), { code }) }), url, undefined);

  it('says the same of every port to people who may not know the network', () => {
    const codes = ['ECONNREFUSED', 'ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'EHOSTUNREACH', 'ECONNRESET', 'EPROTO'];
    const said = codes.map((code) => portlessMessage(failed(code)));
    expect(new Set(said)).toEqual(new Set(['the server cannot be reached, or gives no answer that can be used']));
    // On the command line, it says what it is.
    expect(new Set(codes.map((code) => failed(code).message)).size).toBeGreaterThan(3);
  });

  it('is not confused with the answer of a server', () => {
    expect(portlessMessage(new AssayError('network', 'answers 503'))).toBeUndefined();
    expect(portlessMessage(new AssayError('refused', 'is not a public address'))).toBeUndefined();
  });
});

describe('an allow list', () => {
  const rules = (...allow: string[]) => ({ denyPrivate: true, allow });
  const asks = (host: string, ...allow: string[]) => {
    try {
      checkAddress(new URL(`http://${host}/`), rules(...allow));
      return 'allowed';
    } catch {
      return 'refused';
    }
  };
  const resolves = (name: string, ...allow: string[]) =>
    new Promise<string>((resolve) => {
      guardedLookup(rules(...allow))(name, { all: true }, (error) => resolve(error === null ? 'allowed' : 'refused'));
    });

  it('lets networks and addresses in, in any spelling, and nothing beside them', () => {
    expect(asks('10.1.2.3', '10.0.0.0/8')).toBe('allowed');
    expect(asks('0x0a010203', '10.0.0.0/8')).toBe('allowed');
    expect(asks('[::ffff:10.1.2.3]', '10.0.0.0/8')).toBe('allowed');
    expect(asks('11.1.2.3', '10.0.0.0/8')).toBe('allowed');
    expect(asks('192.168.1.1', '10.0.0.0/8')).toBe('refused');
    expect(asks('10.0.0.8', '10.0.0.7')).toBe('refused');
    expect(asks('[fd00::7]', 'fd00::/16')).toBe('allowed');
    expect(asks('[fd01::7]', 'fd00::/16')).toBe('refused');
    expect(asks('10.1.2.3', 'minio.internal')).toBe('refused');
    expect(asks('10.1.2.3')).toBe('refused');
  });

  it('lets hosts and names below them in, wherever they are', async () => {
    expect(await resolves('localhost', 'localhost')).toBe('allowed');
    expect(await resolves('LOCALHOST', 'localhost')).toBe('allowed');
    expect(await resolves('localhost', 'ocalhost')).toBe('refused');
    expect(await resolves('localhost', 'host')).toBe('refused');
    expect(await resolves('localhost', '127.0.0.0/8', '::1/128')).toBe('allowed');
    expect(await resolves('localhost', '10.0.0.0/8')).toBe('refused');
    expect(await resolves('localhost')).toBe('refused');
  });

  it.each(NEVER)('lets no metadata service in: %s', (host) => {
    const allow = [
      '0.0.0.0/1',
      '128.0.0.0/1',
      '::/1',
      '8000::/1',
      '169.254.0.0/16',
      'metadata.google.internal',
      'metadata',
    ];
    expect(asks(host, ...allow)).toBe('refused');
  });
});
