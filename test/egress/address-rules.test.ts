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
