import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { readBundle, type SignedBundle } from '../../../src/integrity/envelope/bundle.ts';
import { readPublicKey } from '../../../src/integrity/envelope/keys.ts';
import { isSignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import { readOmsManifest } from '../../../src/integrity/oms/statement.ts';
import { verifyBundle } from '../../../src/integrity/oms/verify.ts';
import { ROOT } from '../../cli/run-cli.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 1500);
const TIMEOUT = 60_000 + RUNS * 20;
const FIXTURES = join(ROOT, 'fixtures/signatures');
const trust = {
  kind: 'key',
  key: readPublicKey(readFileSync(join(FIXTURES, 'trust/p256.pem'), 'utf8'), 'p256.pem'),
} as const;
const originals = ['0.2.0', '1.0.1', '1.1.1'].map((release) =>
  readFileSync(join(FIXTURES, 'bundles', release, 'key-p256.sig')),
);

/** The path of a value in a document. */
function pathsOf(json: unknown, path: string[] = []): string[][] {
  const below = Object.entries(Object(typeof json === 'object' ? json : {}));
  return [path, ...below.flatMap(([key, value]) => pathsOf(value, [...path, key]))];
}

function replaced(json: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy = Object.assign(Array.isArray(json) ? [] : {}, json);
  Object.assign(copy, { [key]: replaced(Object(copy)[key], rest, value) });
  return copy;
}

async function outcome(bytes: Uint8Array): Promise<SignedBundle | undefined> {
  try {
    const bundle = readBundle(bytes, 'model.sig');
    await verifyBundle(bundle, trust);
    return bundle;
  } catch (error) {
    if (isAssayError(error) || isSignatureError(error)) return undefined;
    throw error;
  }
}

/** Only unsigned parts can differ in a bundle that verifies. */
function expectSame(bundle: SignedBundle | undefined, original: Uint8Array): void {
  if (bundle === undefined) return;
  expect(bundle.envelope).toEqual(readBundle(original, 'original').envelope);
}

const original = fc.constantFrom(...originals);
const document = fc.constantFrom(
  ...originals.map((bytes) => {
    const json: unknown = JSON.parse(bytes.toString());
    return { bytes, json, paths: pathsOf(json) };
  }),
);

test.each(originals.map((bytes) => ({ bytes })))('the unchanged bundle %# verifies', async ({ bytes }) => {
  expect(await outcome(bytes)).toBeDefined();
});

test(
  'a bundle with changed bytes is refused or verifies with the same result',
  async () => {
    const edits = fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(original, edits, async (bytes, changes) => {
        const mutated = Buffer.from(bytes);
        for (const { at, byte } of changes) mutated[Math.floor(at * (bytes.length - 1))] = byte;
        expectSame(await outcome(mutated), bytes);
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  'a bundle with a changed JSON value is refused or verifies with the same result',
  async () => {
    const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined), fc.base64String());
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), values, async ({ bytes, json, paths }, at, value) => {
        const mutated = replaced(json, paths[at % paths.length] ?? [], value);
        expectSame(await outcome(Buffer.from(JSON.stringify(mutated) ?? '')), bytes);
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  'any payload gives a manifest or a named problem',
  () => {
    const payload = fc.constantFrom(...originals.map((bytes) => readBundle(bytes, 'original').envelope.payload));
    const edits = fc.array(
      fc.record({ at: fc.nat(), text: fc.constantFrom('"', '\\', '/', '..', ':', '0', '{', '[', ',') }),
      {
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(payload, edits, (bytes, changes) => {
        let text = bytes.toString();
        for (const { at, text: put } of changes)
          text = text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1);
        try {
          readOmsManifest({ payloadType: '', payload: Buffer.from(text), signature: Buffer.alloc(0) });
        } catch (error) {
          expect(isSignatureError(error)).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);
