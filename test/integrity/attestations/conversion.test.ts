import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { verifyAttestation } from '../../../src/integrity/attestations/verify-attestation.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import { bytesOf, NOW, sample } from './samples.ts';

const converter = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

function trusting(may: readonly SignerRole[] = ['conversion'], { publicKey } = converter): TrustFile {
  return {
    path: 't',
    rules: [{ name: 'converter', trust: { kind: 'key', key: publicKey }, may: new Set(may) }],
    warnings: [],
  };
}

const FILE = { path: 'sub/m.onnx', sha256: 'a1'.repeat(32) };
const BESIDE = [
  { path: 'conversion.intoto.json', sha256: '00'.repeat(32) },
  { path: 'model.sig', sha256: '00'.repeat(32) },
  { path: '.gitattributes', sha256: '00'.repeat(32) },
];

interface Bundle {
  dsseEnvelope: { payload: string };
}

async function signed(): Promise<Bundle> {
  return JSON.parse(JSON.stringify(await signStatement(sample('conversion'), keySigner(converter.privateKey))));
}

function verify(bundle: unknown, files = [FILE, ...BESIDE], trust = trusting()) {
  const options = { kind: 'conversion', files, now: NOW } as const;
  return verifyAttestation(readBundle(bytesOf(bundle), 'c'), trust, options);
}

describe('the attestation of a conversion', () => {
  it('verifies for the files that were written, with what lies beside them', async () => {
    const { kind, statement, rule } = await verify(await signed());
    expect([kind, rule.name]).toEqual(['conversion', 'converter']);
    expect(statement).toEqual(sample('conversion'));
  });

  it.each<[string, readonly { path: string; sha256: string }[], RegExp]>([
    ['a changed byte', [{ ...FILE, sha256: 'a2'.repeat(32) }], /sub\/m\.onnx: changed since the conversion/],
    ['a missing file', BESIDE, /sub\/m\.onnx: missing/],
    ['another path', [{ ...FILE, path: 'm.onnx' }], /sub\/m\.onnx: missing; m\.onnx: not written/],
    ['a file more', [FILE, { path: 'extra.pkl', sha256: FILE.sha256 }], /extra\.pkl: not written by the conversion/],
    [
      'a signature within a folder',
      [FILE, { path: 'sub/model.sig', sha256: FILE.sha256 }],
      /sub\/model\.sig: not written/,
    ],
    ['no files', [], /missing/],
    [
      'many files more',
      Array.from({ length: 9 }, (_, i) => ({ path: `${i}.pkl`, sha256: FILE.sha256 })),
      /0\.pkl, 1\.pkl, 2\.pkl and 6 more: not written/,
    ],
  ])('is refused for %s', async (_, files, message) => {
    await expect(verify(await signed(), [...files])).rejects.toMatchObject({
      problem: 'subject',
      message: expect.stringMatching(message),
    });
  });

  it('is refused for another key, and for a signer who may not convert', async () => {
    const bundle = await signed();
    await expect(verify(bundle, [FILE], trusting(['conversion'], stranger))).rejects.toMatchObject({
      problem: 'untrusted',
    });
    await expect(verify(bundle, [FILE], trusting(['scan', 'decision', 'model-signature']))).rejects.toMatchObject({
      problem: 'untrusted',
      message: expect.stringContaining('may not sign conversions'),
    });
  });

  it('is refused with the digest of another source, or another figure', async () => {
    for (const [from, to] of [
      ['b2b2b2', 'b2b2b3'],
      ['"maxAbsolute":1.5e-7', '"maxAbsolute":1.4e-7'],
    ] as const) {
      const bundle = await signed();
      const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
      expect(payload).toContain(from);
      bundle.dsseEnvelope.payload = Buffer.from(payload.replace(from, to)).toString('base64');
      await expect(verify(bundle)).rejects.toMatchObject({ problem: 'signature' });
    }
  });
});

type Mutable = { predicate: Record<string, unknown> & { files: Record<string, unknown>[] } };

describe('the statement of a conversion', () => {
  function changed(change: (statement: Mutable) => void): Uint8Array {
    const statement = JSON.parse(JSON.stringify(sample('conversion')));
    change(statement);
    return bytesOf(statement);
  }

  it.each<[string, (statement: Mutable) => void]>([
    ['an unknown field', ({ predicate }) => (predicate.approved = true)],
    ['no files', ({ predicate }) => (predicate.files = [])],
    ['a file twice', ({ predicate }) => predicate.files.push({ ...predicate.files[0] })],
    ['a path outside', ({ predicate }) => ((predicate.files[0] ?? {}).path = '../m.onnx')],
    [
      'a verification that failed',
      ({ predicate }) => ((predicate.files[0]?.verification as { pass: boolean }).pass = false),
    ],
    [
      'an unknown kind of verification',
      ({ predicate }) => ((predicate.files[0]?.verification as { kind: string }).kind = 'trust me'),
    ],
    ['another tool', ({ predicate }) => (predicate.tool = { name: 'other', version: '1' })],
    ['a verdict that does not exist', ({ predicate }) => ((predicate.source as { verdict: string }).verdict = 'fine')],
    ['a digest that is none', ({ predicate }) => ((predicate.source as { digest: string }).digest = 'sha256:zz')],
    ['no time', ({ predicate }) => delete predicate.timeCreated],
  ])('is refused with %s', (_, change) => {
    expect(() => readStatement(changed(change))).toThrow(expect.objectContaining({ problem: 'statement' }));
  });

  it('is not signed when readers would refuse it', async () => {
    const statement = JSON.parse(changed(({ predicate }) => (predicate.target = 'gguf')).toString());
    await expect(signStatement(statement, keySigner(converter.privateKey))).rejects.toMatchObject({
      problem: 'statement',
    });
  });
});
