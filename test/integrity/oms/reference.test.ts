import type { KeyObject } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { readPublicKey } from '../../../src/integrity/envelope/keys.ts';
import type { SignedModel } from '../../../src/integrity/oms/compare.ts';
import { planOf, readOmsManifest } from '../../../src/integrity/oms/statement.ts';
import { ROOT } from '../../cli/run-cli.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport, runProgram } from '../../support/run-program.ts';
import { tempFolder } from '../../support/temp.ts';
import { hashBytes, hashFolder } from './model-folder.ts';
import { assessedFor, keyPair } from './signed.ts';

interface Request {
  readonly model: string;
  readonly signature: string;
  readonly key: string;
  readonly algorithm?: 'sha256' | 'blake2' | 'blake3';
  readonly shardSize?: number;
  readonly ignore?: readonly string[];
  readonly ignoreGit?: boolean;
  readonly links?: boolean;
}

const python = findPython();
const isThere = await canImport(python, 'model_signing');
const root = tempFolder();

/** Names that are hard for encoders, sorters and splitters. */
const ODD: Readonly<Record<string, string>> = {
  'config.json': '{}',
  'empty file': '',
  'sub/empty': '',
  'sub/b': 'b',
  'sub.txt': 'sorts after sub/b by parts, before it by characters',
  'sub/deep/er/weights.bin': 'x'.repeat(1000),
  '😀 emoji.txt': 'sorts after U+FFFD by code points, before it by UTF-16',
  '\ufffd.txt': 'replacement',
  ' spaces ': 'spaces',
  'e\u0301.txt': 'decomposed',
  '\u00e9.txt': 'composed',
  'a:0:8': 'looks like a shard',
  'back\\slash': 'no separator here',
  'quote".txt': 'needs an escape',
  'new\nline': 'so does this',
  '-flag': 'an argument',
  '.hidden': 'hidden',
};

function makeFolder(name: string, contents: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function makeKey(curve: string): string {
  const path = join(root, `${curve}.pem`);
  const { privateKey, publicKey } = keyPair(curve);
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(`${path}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
  return path;
}

/** Signs all models in one process, which takes seconds to start. */
async function sign(requests: readonly Request[]): Promise<string> {
  const script = join(ROOT, 'test/support/python/sign_models.py');
  const { status, stdout, stderr } = await runProgram(python ?? '', [script], { input: JSON.stringify(requests) });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

const trusted = (key: string): KeyObject => readPublicKey(readFileSync(`${key}.pub`, 'utf8'), key);

async function assess({ signature, key, model }: Request, more: Partial<SignedModel> = {}) {
  const bundle = readBundle(readFileSync(signature), signature);
  const files = more.files ?? (await hashFolder(model, planOf(readOmsManifest(bundle.envelope))));
  return assessedFor({
    signature: 'model.sig',
    bundle,
    trust: { kind: 'key', key: trusted(key) },
    model: { signature: 'model.sig', ...more, files },
  });
}

requirePart(
  'model-signing package of PyPI',
  isThere,
  'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt',
  'a model signed by the reference implementation',
  () => {
    const odd = makeFolder('odd', ODD);
    const p256 = makeKey('P-256');
    const count = Object.keys(ODD).length;
    const request = (name: string, more: Partial<Request> = {}): Request => ({
      model: odd,
      key: p256,
      signature: join(root, `${name}.sig`),
      ...more,
    });

    const curves = ['P-256', 'P-384', 'P-521'].map((curve) => ({ curve, ...request(curve, { key: makeKey(curve) }) }));
    const hashes = (['sha256', 'blake2', 'blake3'] as const).map((algorithm) => request(algorithm, { algorithm }));
    const shards = [1, 7, 1000, 1_000_000_000].map((shardSize) => ({
      shardSize,
      ...request(`shards-${shardSize}`, { shardSize }),
    }));
    const shardsOfBlake2 = request('shards-blake2', { shardSize: 8, algorithm: 'blake2' });
    const ignoring = request('ignoring', { ignore: ['sub', 'config.json'] });
    const linked = request('linked', { model: makeFolder('linked', { 'a.bin': 'a', 'sub/b.bin': 'b' }), links: true });
    symlinkSync('sub/b.bin', join(linked.model, 'link.bin'));
    const many = request('many', {
      model: makeFolder(
        'many',
        Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`part ${at % 50}/${at} 😀.bin`, `file ${at}`])),
      ),
    });
    const git = request('git', {
      model: makeFolder('git', {
        'a.bin': 'a',
        '.git/HEAD': 'ref',
        '.gitignore': '*',
        '.gitattributes': '',
        '.github/x.py': 'x',
      }),
    });
    const signedGit = request('signed-git', { model: git.model, ignoreGit: false });
    const single = request('single', { model: join(odd, 'config.json') });
    const singleShards = request('single-shards', { model: join(odd, 'sub.txt'), shardSize: 8 });
    const inside = request('inside', { model: makeFolder('inside', { 'a.bin': 'a' }), ignore: ['model.sig'] });
    const signatureInside = { ...inside, signature: join(inside.model, 'model.sig') };

    let release = '';
    beforeAll(async () => {
      const rest = [shardsOfBlake2, ignoring, linked, many, git, signedGit, single, singleShards, signatureInside];
      release = await sign([...curves, ...hashes, ...shards, ...rest]);
    });

    it('is signed by the pinned release', () => {
      const pinned = readFileSync(join(ROOT, 'fixtures/python/requirements-ci.txt'), 'utf8');
      expect(pinned).toContain(`model-signing==${release}\n`);
    });

    it.each(curves)('verifies with a $curve key for every file', async (one) => {
      expect(await assess(one)).toMatchObject({
        status: 'verified',
        covered: count,
        signer: { kind: 'key', keyType: one.curve },
      });
    });

    it.each(hashes)('verifies with file digests by $algorithm', async (one) => {
      const method = one.algorithm === 'blake2' ? 'blake2b' : one.algorithm;
      expect(await assess(one)).toMatchObject({ status: 'verified', covered: count, method });
    });

    it.each(shards)('verifies with shards of $shardSize bytes', async (one) => {
      expect(await assess(one)).toMatchObject({
        status: 'verified',
        covered: count - 2,
        emptyFiles: expect.arrayContaining(['empty file', 'sub/empty']),
        method: `sha256-sharded-${one.shardSize}`,
      });
    });

    it('verifies with shards by BLAKE2b', async () => {
      const method = 'blake2b-sharded-8';
      expect(await assess(shardsOfBlake2)).toMatchObject({ status: 'verified', covered: count - 2, method });
    });

    it('is partial with ignored paths', async () => {
      const assessment = await assess(ignoring);
      expect(assessment).toMatchObject({ status: 'partial', covered: count - 4 });
      expect(assessment.uncovered.map(({ path }) => path).sort()).toEqual([
        'config.json',
        'sub/b',
        'sub/deep/er/weights.bin',
        'sub/empty',
      ]);
    });

    it('verifies with symbolic links where they are allowed', async () => {
      expect(await assess(linked)).toMatchObject({ status: 'verified', covered: 3 });
    });

    it('verifies with 5,000 files, and fails when one of them changed', async () => {
      expect(await assess(many)).toMatchObject({ status: 'verified', covered: 5000 });
      const path = 'part 7/7 😀.bin';
      appendFileSync(join(many.model, path), '.');
      expect(await assess(many)).toMatchObject({ status: 'failed', covered: 4999, changed: [path] });
    });

    it("is partial for files that only look like git's own", async () => {
      const gitsOwn = new Set(['.gitattributes', '.gitignore']);
      const model = { files: await hashFolder(git.model), gitsOwn };
      const partial = await assess(git, model);
      expect(partial).toMatchObject({ status: 'partial', covered: 1 });
      expect(partial.uncovered.map(({ path }) => path).sort()).toEqual(['.git/HEAD', '.github/x.py']);
      expect(await assess(signedGit)).toMatchObject({ status: 'verified', covered: 5 });
    });

    it('verifies as a single file, whole and in shards', async () => {
      for (const one of [single, singleShards]) {
        const plan = planOf(readOmsManifest(readBundle(readFileSync(one.signature), '').envelope));
        const file = await hashBytes(one.model.slice(odd.length + 1), readFileSync(one.model), plan);
        expect(await assess(one, { files: [file], single: true })).toMatchObject({ status: 'verified', covered: 1 });
      }
    });

    it('verifies with its signature file inside the model', async () => {
      expect(await assess(signatureInside)).toMatchObject({ status: 'verified', covered: 1, uncovered: [] });
    });
  },
);
