import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../../src/core/errors.ts';
import { readSigningConfig } from '../../../../src/integrity/sign/keyless/signing-config.ts';

const NOW = new Date('2030-01-01T00:00:00Z');
const BASE = {
  mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
  caUrls: [
    { url: 'https://new.ca', majorApiVersion: 1, validFor: { start: '2031-01-01T00:00:00Z' }, operator: 'a' },
    { url: 'https://now.ca/', majorApiVersion: 1, validFor: { start: '2029-01-01T00:00:00Z' }, operator: 'a' },
    { url: 'https://old.ca', majorApiVersion: 1, validFor: { start: '2020-01-01T00:00:00Z' }, operator: 'a' },
  ],
  oidcUrls: [{ url: 'https://oidc', majorApiVersion: 1, validFor: {}, operator: 'a' }],
  rekorTlogUrls: [
    { url: 'https://one.log', majorApiVersion: 1, validFor: { start: '2020-01-01T00:00:00Z' }, operator: 'a' },
  ],
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [{ url: 'https://one.tsa/api/v1/timestamp', majorApiVersion: 1, operator: 'a' }],
  tsaConfig: { selector: 'ANY' },
};
const bytes = (config: unknown) => Buffer.from(JSON.stringify(config));
const read = (change: object) => readSigningConfig(bytes({ ...BASE, ...change }), 'config.json', NOW);

function problem(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage') return error.message;
    throw error;
  }
  throw new Error('was accepted');
}

const log = (url: string, majorApiVersion: number, operator: string, end?: string) => ({
  url: `https://${url}`,
  majorApiVersion,
  operator,
  validFor: { start: '2020-01-01T00:00:00Z', ...(end === undefined ? {} : { end }) },
});

describe('a signing config', () => {
  it('selects the newest services in use', () => {
    expect(read({})).toEqual({
      fulcioUrl: 'https://now.ca',
      logs: [{ url: 'https://one.log', version: 1 }],
      timestampUrls: ['https://one.tsa/api/v1/timestamp'],
    });
  });

  it('prefers logs of version 2, and mixes no versions', () => {
    const rekorTlogUrls = [log('v1', 1, 'a'), log('v2', 2, 'b'), log('v3', 3, 'c')];
    expect(read({ rekorTlogUrls }).logs).toEqual([{ url: 'https://v2', version: 2 }]);
    expect(read({ rekorTlogUrls, rekorTlogConfig: { selector: 'ALL' } }).logs).toEqual([
      { url: 'https://v2', version: 2 },
    ]);
  });

  it('selects one service per operator', () => {
    const rekorTlogUrls = [
      log('a1', 1, 'a'),
      log('a2', 1, 'a'),
      log('b', 1, 'b'),
      log('gone', 1, 'c', '2021-01-01T00:00:00Z'),
    ];
    const urls = (rekorTlogConfig: object) => read({ rekorTlogUrls, rekorTlogConfig }).logs.map(({ url }) => url);
    expect(urls({ selector: 'ALL' })).toEqual(['https://a1', 'https://b']);
    expect(urls({ selector: 'EXACT', count: 2 })).toEqual(['https://a1', 'https://b']);
    expect(problem(() => urls({ selector: 'EXACT', count: 3 }))).toMatch(/too few transparency logs/);
  });

  it.each<[string, object, RegExp]>([
    [
      'of version 0.1',
      { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json' },
      /^is not a signing config: mediaType/,
    ],
    ['without an authority', { caUrls: [] }, /does not name a certificate authority that is in use/],
    ['without a log', { rekorTlogUrls: [] }, /too few transparency logs/],
    [
      'with expired timestamp authorities',
      { tsaUrls: [log('t', 1, 'a', '2021-01-01T00:00:00Z')] },
      /too few timestamp/,
    ],
    ['with an invalid URL', { caUrls: [log(' x', 1, 'a')] }, /is not an address of a service/],
    ['with a URL without TLS', { caUrls: [{ ...log('x', 1, 'a'), url: 'http://ca.example' }] }, /is not encrypted/],
    [
      'with an invalid date',
      { tsaUrls: [{ ...log('t', 1, 'a'), validFor: { end: 'soon' } }] },
      /tsaUrls\.0\.validFor\.end/,
    ],
  ])('is refused %s', (_, change, message) => {
    expect(problem(() => read(change))).toMatch(message);
  });

  it('is refused for any other bytes', () => {
    expect(problem(() => readSigningConfig(Buffer.from('{'), 'config.json', NOW))).toMatch(/is not JSON/);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (any) => {
          expect(() => readSigningConfig(any, 'config.json', NOW)).toThrow(expect.objectContaining({ code: 'usage' }));
        },
      ),
    );
  });
});
