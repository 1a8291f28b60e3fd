import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { bundledRoot, materialOf, readTrustedRoot } from '../../../src/integrity/sigstore/trusted-root.ts';
import { startSigstoreServices } from '../../support/sigstore-services.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 500);
const FUZZ_TIMEOUT = 60_000 + RUNS * 20;

function errorOf(json: unknown): { code: string; message: string } {
  try {
    readTrustedRoot(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), 'root.json');
  } catch (error) {
    if (isAssayError(error) && error.subject === 'root.json') return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

const mediaType = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';

describe('the bundled root', () => {
  test('is that of the public good instance', async () => {
    const root = await bundledRoot();
    expect(root.tlogs.map(({ baseUrl }) => baseUrl)).toContain('https://rekor.sigstore.dev');
    expect(root.certificateAuthorities.map(({ uri }) => uri)).toContain('https://fulcio.sigstore.dev');
    expect(materialOf(root).ctlogs.length).toBeGreaterThan(0);
    expect(materialOf(root)).toBe(materialOf(root));
  });
});

describe('readTrustedRoot', () => {
  test.each<[string, unknown, string, string]>([
    ['invalid JSON', 'tlogs:', 'malformed', 'is not JSON'],
    ['another document', { a: 1 }, 'malformed', 'is not a trusted root'],
    ['a bundle', { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }, 'malformed', 'is not a trusted root'],
    ['an empty root', { mediaType }, 'usage', 'does not name a certificate authority'],
    ['JSON nested too deeply', `${'['.repeat(20)}`, 'limit', 'deep'],
  ])('refuses %s', (_, json, code, why) => {
    const found = errorOf(json);
    expect(found.message).toContain(why);
    expect(found.code).toBe(code);
  });

  test('refuses invalid keys and certificates', async () => {
    const services = await startSigstoreServices();
    await services.close();
    const root = structuredClone(services.trustedRoot);
    const tlogs = root.tlogs.map((log) => ({ ...log, publicKey: { ...log.publicKey, rawBytes: 'AAAA' } }));
    expect(errorOf({ ...root, tlogs })).toMatchObject({ code: 'malformed', message: /key or a certificate/ });
    expect(errorOf({ ...root, tlogs: [] })).toMatchObject({
      code: 'usage',
      message: 'does not name a transparency log',
    });
    const vast = root.tlogs.map((log) => ({ ...log, publicKey: { ...log.publicKey, rawBytes: { length: 4e9 } } }));
    expect(errorOf({ ...root, tlogs: vast })).toMatchObject({ code: 'malformed', message: /cannot be read/ });
  });

  test(
    'throws only its own error for any document',
    async () => {
      const services = await startSigstoreServices();
      await services.close();
      const text = JSON.stringify(services.trustedRoot);
      fc.assert(
        fc.property(fc.nat(text.length - 1), fc.nat(40), fc.string({ maxLength: 8 }), (at, cut, put) => {
          const changed = text.slice(0, at) + put + text.slice(at + cut);
          try {
            readTrustedRoot(Buffer.from(changed), 'root.json');
          } catch (error) {
            expect(isAssayError(error)).toBe(true);
          }
        }),
        { numRuns: RUNS },
      );
    },
    FUZZ_TIMEOUT,
  );
});
