import { createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SignatureAssessment } from '../../../src/core/assessment/signature.ts';
import { readBundle, type SignedBundle } from '../../../src/integrity/envelope/bundle.ts';
import { isSignatureError, type SignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import type { SignedFile } from '../../../src/integrity/oms/compare.ts';
import { STORY } from '../../support/parts.ts';
import { hashBytes } from './model-folder.ts';
import {
  assessedFor,
  bundleOf,
  bytesOf,
  FILES,
  keyPair,
  type ResourceJson,
  resource,
  SHARDS,
  type StatementParts,
  sha256,
  signingKey,
  statement,
  trustedKey,
} from './signed.ts';

/** Everything that an attacker can change, from the bytes of a signature to the files, and how it is refused. */

const CONTENTS: Readonly<Record<string, string>> = {
  'config.json': '{"a": 1}',
  'weights/model.bin': '0123456789',
  'weights/other.bin': 'abcdefghij',
};
const RESOURCES = Object.entries(CONTENTS).map(([name, content]) => resource(name, content));
const GOOD = bundleOf(statement({ resources: RESOURCES }));
type Bundle = typeof GOOD;

interface Tampered {
  readonly bundle?: (bundle: Bundle) => unknown;
  readonly statement?: StatementParts;
  readonly key?: KeyObject;
  readonly files?: (contents: Record<string, string>) => void;
  readonly link?: string;
}

const said = new Map<string, string>();

async function assess({
  bundle = (same) => same,
  statement: parts,
  key,
  files,
  link,
}: Tampered): Promise<SignatureAssessment> {
  const resources = { resources: RESOURCES };
  const signed =
    parts || key ? bundleOf(statement({ ...resources, ...parts }), key ?? signingKey) : structuredClone(GOOD);
  const contents = { ...CONTENTS };
  files?.(contents);
  return assessedFor({
    signature: 'model.sig',
    bundle: readOr(bytesOf(bundle(signed))),
    trust: { kind: 'key', key: trustedKey },
    model: {
      files: [...(await filesOf(contents, link)), await hashBytes('model.sig', Buffer.from('{}'))],
      signature: 'model.sig',
    },
  });
}

function readOr(bytes: Uint8Array): SignedBundle | SignatureError {
  try {
    return readBundle(bytes, 'model.sig');
  } catch (error) {
    if (isSignatureError(error)) return error;
    throw error;
  }
}

async function filesOf(contents: Record<string, string>, link: string | undefined): Promise<SignedFile[]> {
  const files = Object.entries(contents).map(([path, content]) => hashBytes(path, Buffer.from(content)));
  return (await Promise.all(files)).map((file) => (file.path === link ? { ...file, link: 'within' } : file));
}

test('a signature over unchanged files verifies', async () => {
  expect(await assess({})).toMatchObject({ status: 'verified', covered: 3, problem: null, method: 'sha256' });
});

const withPayload = (change: (payload: string) => string) => (bundle: Bundle) => {
  const payload = change(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString());
  return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from(payload).toString('base64') } };
};
const withSignatures = (change: (sig: string) => unknown) => (bundle: Bundle) => ({
  ...bundle,
  dsseEnvelope: { ...bundle.dsseEnvelope, signatures: change(bundle.dsseEnvelope.signatures[0]?.sig ?? '') },
});
const flipped = (base64: string, at: number) => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64');
};
const renamed = (name: string): ResourceJson[] => [resource(name, 'x')];
const other = keyPair('P-256');
const shards = (...names: string[]) => ({
  serialization: SHARDS,
  resources: names.map((name) => resource(name, name, 'sha256-sharded-8')),
});

describe('after tampering', STORY, () => {
  describe('the signature is refused for', () => {
    const cases: [string, Tampered, string][] = [
      [
        'a changed digest in the payload',
        { bundle: withPayload((text) => text.replace(sha256('0123456789'), sha256('x'))) },
        'signature',
      ],
      ['an added space in the payload', { bundle: withPayload((text) => `${text} `) }, 'signature'],
      ['a changed signature', { bundle: withSignatures((sig) => [{ sig: flipped(sig, 20) }]) }, 'signature'],
      [
        'a changed length of the signature',
        { bundle: withSignatures((sig) => [{ sig: flipped(sig, 1) }]) },
        'signature',
      ],
      [
        'a changed hint',
        { bundle: (bundle) => ({ ...bundle, verificationMaterial: { publicKey: { hint: sha256('x') } } }) },
        'key',
      ],
      ['another key with its own hint', { key: other.privateKey }, 'key'],
      [
        'another key with the hint of the trusted key',
        { key: other.privateKey, bundle: (bundle) => ({ ...bundle, verificationMaterial: GOOD.verificationMaterial }) },
        'signature',
      ],
      ['no signature', { bundle: withSignatures(() => []) }, 'no-signature'],
      [
        'a bogus signature after the valid one',
        { bundle: withSignatures((sig) => [{ sig }, { sig: 'AAAA' }]) },
        'many-signatures',
      ],
      [
        'a bogus signature before the valid one',
        { bundle: withSignatures((sig) => [{ sig: 'AAAA' }, { sig }]) },
        'many-signatures',
      ],
      [
        'a signature with a line break in it',
        { bundle: withSignatures((sig) => [{ sig: `${sig.slice(0, 8)}\n${sig.slice(8)}` }]) },
        'bundle',
      ],
      [
        'another type of payload',
        {
          bundle: (bundle) => ({
            ...bundle,
            dsseEnvelope: { ...bundle.dsseEnvelope, payloadType: 'application/json' },
          }),
        },
        'payload-type',
      ],
      [
        'a certificate beside the key',
        {
          bundle: (bundle) => ({
            ...bundle,
            verificationMaterial: { ...bundle.verificationMaterial, certificate: { rawBytes: 'AAAA' } },
          }),
        },
        'bundle',
      ],
      [
        'a certificate in place of the key',
        { bundle: (bundle) => ({ ...bundle, verificationMaterial: { certificate: { rawBytes: 'AAAA' } } }) },
        'method',
      ],
      ['an unknown predicate', { statement: { predicateType: 'https://slsa.dev/provenance/v1' } }, 'predicate'],
      ['another statement', { statement: { type: 'https://in-toto.io/Statement/v0.1' } }, 'statement'],
      ['an unsupported hash', { statement: { serialization: { ...FILES, hash_type: 'md5' } } }, 'hash'],
      ['a file with another hash', { statement: { resources: [resource('a', 'a', 'sha1')] } }, 'hash'],
      ['another root', { statement: { rootDigest: sha256('x') } }, 'root-digest'],
      ['no subject', { statement: { subject: [] } }, 'statement'],
      [
        'two subjects',
        { statement: { subject: Array(2).fill({ name: 'm', digest: { sha256: sha256('') } }) } },
        'statement',
      ],
      [
        'a resource twice',
        { statement: { resources: [...RESOURCES, ...RESOURCES.slice(0, 1)] } },
        'duplicate-resource',
      ],
      ['a name that leads out of the model', { statement: { resources: renamed('../config.json') } }, 'statement'],
      ['an absolute name', { statement: { resources: renamed('/config.json') } }, 'statement'],
      ['a name with a NUL', { statement: { resources: renamed('a\0b') } }, 'statement'],
      ['a name that is not normalized', { statement: { resources: renamed('./config.json') } }, 'statement'],
      ['a gap between shards', { statement: shards('a:0:8', 'a:16:24') }, 'statement'],
      ['an overlap of shards', { statement: shards('a:0:8', 'a:4:12') }, 'statement'],
      ['a shard longer than the shard size', { statement: shards('a:0:9') }, 'statement'],
      ['a short shard in the middle', { statement: shards('a:0:4', 'a:4:8') }, 'statement'],
    ];

    test.each(cases)('%s', async (name, tampered, problem) => {
      const assessment = await assess(tampered);
      expect(assessment).toMatchObject({ status: 'failed', problem, signer: null, covered: 0, method: null });
      said.set(name, assessment.detail);
    });
  });

  describe('the files are refused for', () => {
    const cases: [string, Tampered, Partial<SignatureAssessment>][] = [
      [
        'a changed file',
        { files: (all) => Object.assign(all, { 'config.json': '{"a": 2}' }) },
        { problem: 'content', changed: ['config.json'] },
      ],
      [
        'a missing file',
        { files: (all) => void delete all['config.json'] },
        { problem: 'content', missing: ['config.json'] },
      ],
      [
        'two files with exchanged contents',
        {
          files: (all) => Object.assign(all, { 'weights/model.bin': 'abcdefghij', 'weights/other.bin': '0123456789' }),
        },
        { problem: 'content', changed: ['weights/model.bin', 'weights/other.bin'] },
      ],
      [
        'a renamed file',
        {
          files: (all) => {
            all['Config.json'] = all['config.json'] ?? '';
            delete all['config.json'];
          },
        },
        { problem: 'content', missing: ['config.json'], uncovered: [{ path: 'Config.json', why: 'added' }] },
      ],
      [
        'an added file',
        { files: (all) => Object.assign(all, { 'modeling.py': 'x' }) },
        { uncovered: [{ path: 'modeling.py', why: 'added' }] },
      ],
      [
        'a file in a folder that the signer ignored',
        { files: (all) => Object.assign(all, { '.github/evil.py': 'x' }) },
        { uncovered: [{ path: '.github/evil.py', why: 'ignored' }] },
      ],
      [
        'a link in place of a file',
        { link: 'config.json' },
        { covered: 2, uncovered: [{ path: 'config.json', why: 'link' }] },
      ],
    ];

    test.each(cases)('%s', async (name, tampered, expected) => {
      const assessment = await assess(tampered);
      const status = expected.problem === 'content' ? 'failed' : 'partial';
      expect(assessment).toMatchObject({
        status,
        problem: null,
        signer: { kind: 'key' },
        method: 'sha256',
        ...expected,
      });
      said.set(name, assessment.detail);
    });
  });

  /** Two cases can have the same message if a reader would act the same on both. */
  const SAME_WORDS = [
    [
      'a changed digest in the payload',
      'an added space in the payload',
      'a changed signature',
      'a changed length of the signature',
      'another key with the hint of the trusted key',
    ],
    ['a bogus signature after the valid one', 'a bogus signature before the valid one'],
  ];

  test('each case has its own message', () => {
    const kindOf = (name: string) => SAME_WORDS.find((names) => names.includes(name))?.[0] ?? name;
    const kinds = new Set([...said.keys()].map(kindOf));
    expect(kinds.size).toBeGreaterThan(30);
    expect(new Set(said.values()).size).toBe(kinds.size);
  });
});

describe('the assessment of a signature', () => {
  const good = readBundle(bytesOf(GOOD), 'model.sig');
  const key = { kind: 'key', key: createPublicKey(signingKey) } as const;
  const filesIn = async (more: Record<string, string> = {}) => ({
    files: await filesOf({ ...CONTENTS, ...more }, undefined),
  });

  test.each([
    ['key', { publicKey: {} }, 'with a key', '--public-key'],
    [
      'certificate',
      { x509CertificateChain: { certificates: [{ rawBytes: 'AAAA' }] } },
      'with a certificate',
      '--certificate-chain',
    ],
    ['keyless', { certificate: { rawBytes: 'AAAA' } }, 'through Sigstore', '--identity and --issuer'],
  ])('trusts no signer by default: %s', async (_, verificationMaterial, how, flags) => {
    const bundle = readBundle(bytesOf({ ...GOOD, verificationMaterial }), 'model.sig');
    const assessment = await assessedFor({ signature: 's', bundle, trust: undefined, model: await filesIn() });
    expect(assessment).toMatchObject({ status: 'not-assessed', problem: null, signer: null, covered: 0, method: null });
    expect(assessment.detail).toContain(`signed ${how}, but no signer is trusted`);
    expect(assessment.detail).toContain(flags);
  });

  test('names the first files in its detail, and lists all files', async () => {
    const added = Object.fromEntries(['v', 'w', 'x', 'y', 'z'].map((name) => [name, name]));
    const assessment = await assessedFor({ signature: 's', bundle: good, trust: key, model: await filesIn(added) });
    expect(assessment.detail).toBe('the signature covers 3 files; v, w, x and 2 more are not among the signed files');
    expect(assessment.uncovered).toHaveLength(5);
  });

  test('reports that a signature without files covers nothing', async () => {
    const bundle = readBundle(bytesOf(bundleOf(statement({ resources: [] }))), 's');
    const model = { files: [await hashBytes('.git/HEAD', Buffer.from('x'))] };
    expect(await assessedFor({ signature: 's', bundle, trust: key, model })).toMatchObject({
      status: 'partial',
      detail: 'the signature covers none of the files; .git/HEAD is under a path that the signer excluded',
    });
  });

  test('rejects when a file was hashed by another algorithm', async () => {
    const file = await hashBytes('config.json', Buffer.from('x'), { algorithm: 'blake3' });
    const assessing = assessedFor({ signature: 's', bundle: good, trust: key, model: { files: [file] } });
    await expect(assessing).rejects.toMatchObject({ code: 'internal' });
  });
});
