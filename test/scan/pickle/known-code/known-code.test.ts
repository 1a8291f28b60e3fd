import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGlobalPolicy } from '../../../../src/scan/lists/globals.ts';
import { compiledCode, unknownFunctions } from '../../../../src/scan/pickle/known-code/index.ts';
import { hasDigest } from '../../../../src/scan/pickle/known-code/list.ts';
import { scanPickleBytes } from '../../../support/scan-pickle-bytes.ts';

const FIXTURES = new URL('../../../../fixtures/compiled-code', import.meta.url).pathname;
const filesOf = (folder: string) => readdirSync(join(FIXTURES, folder));
const read = (file: string) => readFileSync(join(FIXTURES, file));

async function judged(bytes: Uint8Array) {
  const { verdict, findings } = await scanPickleBytes(bytes);
  return [verdict, ...new Set(findings.map(({ ruleId }) => ruleId))];
}

/** The first pickle that a file of protocol 4 carries as bytes. */
function payloadOf(file: string): Buffer {
  const bytes = read(file);
  const start = bytes.indexOf(Buffer.from([0x80, 4, 0x95]), 2);
  return bytes.subarray(start, start + bytes.readUInt32LE(start - 4));
}

const isKnownPayload = (payload: Uint8Array) => {
  const code = compiledCode(payload);
  return code !== undefined && unknownFunctions(code).length === 0;
};

describe('functions of a library that numba compiles', () => {
  it.each(filesOf('known'))('are clean as a release has them: %s', async (file) => {
    expect(await judged(read(`known/${file}`))).toEqual(['clean']);
  });

  it('are among the imports with all that they import', async () => {
    const { imports } = await scanPickleBytes(read('known/distances.p4.pkl'));
    expect(imports).toEqual(
      expect.arrayContaining([
        'numba.core.serialize.custom_rebuild',
        'numba.core.registry.CPUDispatcher',
        'numba.cloudpickle.cloudpickle._make_function',
        'numpy',
      ]),
    );
  });

  it.each(filesOf('changed'))('are code by value with another part: %s', async (file) => {
    const [verdict, ...rules] = await judged(read(`changed/${file}`));
    expect(verdict).toBe('suspicious');
    expect(rules).toContain('pickle.code.by-value');
  });

  it.each(filesOf('dangerous'))('are malicious with something dangerous: %s', async (file) => {
    const [verdict, ...rules] = await judged(read(`dangerous/${file}`));
    expect(verdict).toBe('malicious');
    expect(rules).toContain('pickle.global.dangerous');
  });

  it.each(['numpy', 'numba'])(
    'are not clean beside a file that takes the place of a module they import: %s',
    async (name) => {
      const globals = createGlobalPolicy({ provided: new Set([name]) });
      const { verdict, findings } = await scanPickleBytes(read('known/distances.p4.pkl'), 'model.pkl', globals);
      expect(verdict).toBe('suspicious');
      expect(findings.map(({ ruleId }) => ruleId)).toContain('pickle.global.shadowed');
    },
  );
});

describe('a list of known code', () => {
  const [found] = compiledCode(payloadOf('known/link.p4.pkl'))?.functions ?? [];
  const digest = found?.digest ?? '';

  it('has the digest of a released function', () => {
    expect(found).toMatchObject({ module: 'shap.links', name: 'identity' });
    expect(hasDigest(digest)).toBe(true);
  });

  it.each([
    ['a prefix', digest.slice(0, -4)],
    ['a longer text', `${digest}AAAA`],
    ['the same prefix with another end', `${digest.slice(0, -1)}${digest.endsWith('A') ? 'B' : 'A'}`],
    ['nothing', ''],
    ['two digests', `${digest} ${digest}`],
  ])('does not have %s of it', (_, text) => {
    expect(hasDigest(text)).toBe(false);
  });
});

describe('a payload with one byte changed', () => {
  /** Bytes that may differ between machines: identities, the folder of a library, the number of a first line. */
  function mayDiffer(payload: Buffer): Set<number> {
    const text = payload.toString('latin1');
    const places = [...text.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\/srv\/site-packages\//g)];
    return new Set(places.flatMap(({ index, 0: found }) => [...found].map((_, i) => index + i)));
  }

  /** The number of a first line, from which the line table counts, and a compiler option, with what stands around them. */
  const HARMLESS = /^(?:(?:94|1b)4b..43|944d....43|4d....43|....8[89])/;

  it.each([
    ['known/link.p4.pkl', [1, 0x80]],
    ['known/options.p4.pkl', [1, 0x80]],
    ['known/closure.p4.pkl', [1]],
  ])('is not known: %s', (file, bits) => {
    const payload = payloadOf(file);
    expect(isKnownPayload(payload)).toBe(true);
    const free = mayDiffer(payload);
    const accepted: string[] = [];
    for (let at = 0; at < payload.length; at++) {
      for (const bit of bits) {
        payload[at] = (payload[at] ?? 0) ^ bit;
        if (isKnownPayload(payload) && !free.has(at)) accepted.push(payload.subarray(at - 2, at + 4).toString('hex'));
        payload[at] = (payload[at] ?? 0) ^ bit;
      }
    }
    expect(accepted.filter((around) => !HARMLESS.test(around))).toEqual([]);
  });

  it('is not known when it is cut off or goes on', () => {
    const payload = payloadOf('known/link.p4.pkl');
    for (let length = 0; length < payload.length; length++)
      expect(isKnownPayload(payload.subarray(0, length))).toBe(false);
    expect(isKnownPayload(Buffer.concat([payload, Buffer.from('.')]))).toBe(false);
  });
});
