import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { isSignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import { bundledRoot } from '../../../src/integrity/sigstore/trusted-root.ts';
import { verifyKeyless } from '../../../src/integrity/sigstore/verify-keyless.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 800);
const FUZZ_TIMEOUT = 60_000 + RUNS * 20;

const BUNDLES = [
  {
    name: 'workflow.sigstore.json',
    identity: 'https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main',
    issuer: 'https://token.actions.githubusercontent.com',
    signedAt: '2023-08-18T16:05:35.000Z',
    pattern: 'https://github.com/sigstore/sigstore-js/**',
  },
  {
    name: 'mail.sigstore.json',
    identity: 'brian@dehamer.com',
    issuer: 'https://github.com/login/oauth',
    signedAt: '2022-11-09T23:00:36.000Z',
    pattern: '*@dehamer.com',
  },
] as const;

let root: TrustedRoot;
beforeAll(async () => {
  root = await bundledRoot();
});

function fixture(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../fixtures/sigstore/${name}`, import.meta.url)), 'utf8');
}

function verify(text: string, identity: string, issuer: string) {
  return verifyKeyless(readBundle(Buffer.from(text), 'bundle'), {
    kind: 'keyless',
    root,
    identity: { identity, issuer },
  });
}

function problemOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isSignatureError(error)) return error.problem;
    throw error;
  }
  return 'none';
}

describe.each(BUNDLES)('the real bundle $name', ({ name, identity, issuer, signedAt, pattern }) => {
  test('verifies offline, by the identity and by a pattern', () => {
    expect(verify(fixture(name), identity, issuer)).toEqual({ kind: 'sigstore', identity, issuer, signedAt });
    expect(verify(fixture(name), pattern, issuer)).toMatchObject({ identity });
  });

  test('does not verify for another identity', () => {
    expect(problemOf(() => verify(fixture(name), `${identity}x`, issuer))).toBe('identity');
    expect(problemOf(() => verify(fixture(name), identity.replace('.', 'x'), issuer))).toBe('identity');
    expect(problemOf(() => verify(fixture(name), identity, 'https://accounts.google.com'))).toBe('identity');
  });

  test('does not verify with a changed time', () => {
    const time = /"integratedTime":\s*"(\d+)"/.exec(fixture(name))?.[1] ?? '';
    const later = fixture(name).replace(time, `${Number(time) + 60}`);
    expect(problemOf(() => verify(later, identity, issuer))).toBe('log-entry');
  });
});

test(
  'a bundle with any replaced value throws only its own error',
  () => {
    const { name, identity, issuer } = BUNDLES[0];
    const original: unknown = JSON.parse(fixture(name));
    const paths = pathsOf(original);
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>({ length: 4_000_000_000 }, null, '', '0', -1, 1e300, [], {}, 'AAAA', '9'.repeat(40)),
    );
    const expected = verify(fixture(name), identity, issuer);
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, (path, replacement) => {
        const changed = replaced(original, path, replacement);
        try {
          expect(verify(JSON.stringify(changed), identity, issuer)).toEqual(expected);
        } catch (error) {
          if (!isSignatureError(error) && !isAssayError(error)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
  },
  FUZZ_TIMEOUT,
);

type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((inner, at) => (`${at}` === key ? replaced(inner, rest, replacement) : inner));
  const entries = Object.entries(Object(value)).map(([name, inner]) => [
    name,
    name === key ? replaced(inner, rest, replacement) : inner,
  ]);
  return Object.fromEntries(entries);
}
