import { execFile, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { CA, type Issued, issue, type KeyKind, makeKey, openssl, SIGNING } from '../integrity/sign/pki.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

type Job = Readonly<Record<string, unknown>> & { readonly model: string; readonly signature: string };

const python = findPython();
const isThere = python !== undefined && spawnSync(python, ['-c', 'import model_signing']).status === 0;
const SCRIPT = new URL('sign_reference.py', import.meta.url).pathname;
const root = tempFolder();
const inRoot = (...parts: string[]) => join(root, ...parts);

const ODD_NAMES = [
  '🎉 party.bin',
  '\ufffd.bin',
  'two  spaces',
  `it's "quoted"`,
  'line\nfeed',
  'back\\slash',
  '-dash',
  '$(whoami)',
  'e\u0301',
  '\u00e9',
  '.hidden',
  'a:0:1',
  'x'.repeat(255),
];

/** The result of the reference implementation for each job: `null` when it agrees. */
async function reference(jobs: readonly Job[]): Promise<readonly (string | null)[]> {
  const running = promisify(execFile)(python ?? '', [SCRIPT], { maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.end(JSON.stringify(jobs));
  const { stdout, stderr } = await running;
  expect(stderr).toBe('');
  expect(running.child.exitCode).toBe(0);
  return JSON.parse(stdout);
}

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function makeModel(name: string): string {
  const odd = Object.fromEntries(ODD_NAMES.map((odd) => [`names/${odd}`, `of ${odd}`]));
  return write(inRoot(name), {
    'config.json': '{}',
    'model.bin': 'x'.repeat(3_000_000),
    empty: '',
    'sub/empty': '',
    'sub.txt': 'after sub/',
    'sub/b': 'b',
    'sub/.github/x': 'covered: not at the top',
    'a/b/c/d/e/f': 'deep',
    '.gitattributes': '*.bin filter=lfs',
    '.gitignore': 'logs',
    '.github/workflows/x.yml': 'on: push',
    ...odd,
  });
}

function makePair(kind: KeyKind): { privateKey: string; publicKey: string } {
  const pair = { privateKey: inRoot(`${kind}.key`), publicKey: inRoot(`${kind}.pub`) };
  makeKey(pair.privateKey, kind);
  openssl('pkey', '-in', pair.privateKey, '-pubout', '-out', pair.publicKey);
  return pair;
}

async function sign(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['sign', ...args]);
  expect(stderr.replace(/^assay: warning: the signature will not cover.*\n/, '')).toBe('');
  expect(code).toBe(0);
  return stdout;
}

function payloadOf(signature: string) {
  const { dsseEnvelope } = JSON.parse(readFileSync(signature, 'utf8'));
  const statement = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8'));
  // The reference writes a set in any order.
  statement.predicate.serialization.ignore_paths?.sort();
  return statement;
}

requirePart(
  'model-signing package of PyPI',
  isThere,
  'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt',
  'a signature of assay sign verifies in the reference implementation',
  () => {
    let model = '';
    let key = { privateKey: '', publicKey: '' };
    beforeAll(() => {
      model = makeModel('model');
      key = makePair('P-256');
    });

    describe('with a key of kind', () => {
      it.each<KeyKind>(['P-256', 'P-384', 'P-521'])('%s', async (kind) => {
        const { privateKey, publicKey } = makePair(kind);
        const signature = inRoot(`${kind}.sig`);
        await sign(model, '--private-key', privateKey, '--signature', signature);
        const changed = inRoot(`changed-${kind}`);
        cpSync(model, changed, { recursive: true });
        appendFileSync(join(changed, 'names', '🎉 party.bin'), '!');
        expect(
          await reference([
            { model, signature, publicKey },
            { model: changed, signature, publicKey },
          ]),
        ).toEqual([null, expect.stringMatching(/Hash mismatch for .*🎉 party\.bin/)]);
      });

      it('Ed25519, in our own implementation, since the reference lacks it', async () => {
        const { privateKey, publicKey } = makePair('Ed25519');
        const signature = inRoot('Ed25519.sig');
        await sign(model, '--private-key', privateKey, '--signature', signature, '--cover-all');
        const args = ['verify', model, '--signature', signature, '--public-key', publicKey];
        expect((await runCli(args)).code).toBe(0);
        expect((await runCli(args.with(-1, key.publicKey))).code).toBe(1);
      });

      it('P-256, encrypted, with a passphrase from a file or the environment', async () => {
        const encrypted = inRoot('encrypted.key');
        openssl(
          'pkcs8',
          '-topk8',
          '-v2',
          'aes256',
          '-in',
          key.privateKey,
          '-passout',
          'pass:s3cret',
          '-out',
          encrypted,
        );
        writeFileSync(inRoot('pass'), 's3cret\n');
        const signature = inRoot('encrypted.sig');
        await sign(model, '--private-key', encrypted, '--signature', signature, '--passphrase-file', inRoot('pass'));
        expect(await reference([{ model, signature, publicKey: key.publicKey }])).toEqual([null]);
        const env = { ASSAY_KEY_PASSPHRASE: 's3cret' };
        const args = ['sign', model, '--private-key', encrypted, '--signature', signature];
        expect((await runCli(args, { env })).code).toBe(0);
      });
    });

    describe('with a certificate', () => {
      it.each<[KeyKind, KeyKind]>([
        ['RSA', 'P-256'],
        ['RSA', 'P-384'],
        ['P-384', 'P-384'],
        ['P-384', 'P-521'],
      ])('of an authority by %s, for %s, with two intermediates', async (authority, kind) => {
        const name = (part: string) => `${authority}-${kind}-${part}`;
        const rootCertificate = issue(root, name('root'), { kind: authority, extensions: CA });
        const upper = issue(root, name('upper'), { kind: authority, extensions: CA, issuer: rootCertificate });
        const lower = issue(root, name('lower'), { kind: 'P-256', extensions: CA, issuer: upper });
        const leaf = issue(root, name('leaf'), { kind, extensions: SIGNING, issuer: lower });
        const pem = ({ certificate }: Issued) => readFileSync(certificate, 'utf8');
        const chain = inRoot(name('chain.pem'));
        const way = ['--certificate', leaf.certificate, '--private-key', leaf.privateKey, '--certificate-chain', chain];

        const trust = { certificateChain: rootCertificate.certificate };
        const signature = inRoot(name('model.sig'));
        const stranger = issue(root, name('stranger'), { kind: authority, extensions: CA });
        for (const issuers of [
          [lower, upper],
          [rootCertificate, upper, lower],
        ]) {
          writeFileSync(chain, issuers.map(pem).join(''));
          await sign(model, ...way, '--signature', signature);
          const untrusted = { model, signature, certificateChain: stranger.certificate };
          expect(await reference([{ model, signature, ...trust }, untrusted])).toEqual([
            null,
            expect.stringMatching(/certificate/),
          ]);
        }
      });
    });

    describe('for a model', () => {
      it('whose statement equals that of the reference', async () => {
        const ignore = ['names/two  spaces', 'a'];
        const [ours, theirs] = [inRoot('ours.sig'), inRoot('theirs.sig')];
        const flags = ignore.flatMap((path) => ['--ignore', path]);
        await sign(model, '--private-key', key.privateKey, '--signature', ours, ...flags);
        expect(await reference([{ model, signature: theirs, privateKey: key.privateKey, ignore }])).toEqual([null]);
        expect(payloadOf(ours)).toEqual(payloadOf(theirs));
        expect(await reference([{ model, signature: ours, publicKey: key.publicKey }])).toEqual([null]);
      });

      it('without the signature file in the folder, also when signing again', async () => {
        const signed = makeModel('resigned');
        const signature = join(signed, 'model.sig');
        for (let round = 0; round < 2; round++) {
          expect(await sign(signed, '--private-key', key.privateKey)).toContain(`signature    ${signature}`);
          expect(await reference([{ model: signed, signature, publicKey: key.publicKey }])).toEqual([null]);
        }
      });

      it('including git files, with --cover-all', async () => {
        const signature = inRoot('all.sig');
        await sign(model, '--private-key', key.privateKey, '--signature', signature, '--cover-all');
        const job = { model, signature, publicKey: key.publicKey };
        expect(await reference([{ ...job, all: true }, job])).toEqual([
          null,
          expect.stringMatching(/Missing files.*\.github/),
        ]);
      });

      it('that is a single file', async () => {
        const file = write(inRoot('single'), { 'weights 1.bin': 'weights' });
        const path = join(file, 'weights 1.bin');
        await sign(path, '--private-key', key.privateKey);
        const [ours, theirs] = [`${path}.sig`, inRoot('single.sig')];
        expect(await reference([{ model: path, signature: theirs, privateKey: key.privateKey }])).toEqual([null]);
        expect(payloadOf(ours)).toEqual(payloadOf(theirs));
        expect(await reference([{ model: path, signature: ours, publicKey: key.publicKey }])).toEqual([null]);
      });

      it.each<[string, string | undefined]>([
        // The reference writes "blake2b", and reads only "blake2".
        ['blake2b', 'blake2'],
        ['blake3', undefined],
      ])('that is hashed by %s', async (hash, told) => {
        const signature = inRoot(`${hash}.sig`);
        await sign(model, '--private-key', key.privateKey, '--signature', signature, '--hash', hash);
        const job = { model, signature, publicKey: key.publicKey, ...(told === undefined ? {} : { hash: told }) };
        expect(await reference([job])).toEqual([null]);
      });

      it('that is reached through symbolic links, when they are allowed', async () => {
        const linked = write(inRoot('linked'), { 'real/a': 'a' });
        symlinkSync('real/a', join(linked, 'link'));
        const [ours, theirs] = [inRoot('linked.sig'), inRoot('linked-theirs.sig')];
        await sign(linked, '--private-key', key.privateKey, '--signature', ours, '--allow-symlinks');
        const [signed, verified] = await reference([
          { model: linked, signature: theirs, privateKey: key.privateKey, links: true },
          { model: linked, signature: ours, publicKey: key.publicKey, links: true },
        ]);
        expect([signed, verified]).toEqual([null, null]);
        expect(payloadOf(ours)).toEqual(payloadOf(theirs));
      });

      it('that is a snapshot of the Hub cache, whose files are all links', async () => {
        const sha = 'a'.repeat(40);
        const cache = write(inRoot('models--acme--tiny'), {});
        const blob = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
        write(cache, { [`blobs/${blob}`]: '', 'refs/main': sha });
        const snapshot = join(cache, 'snapshots', sha);
        mkdirSync(snapshot, { recursive: true });
        symlinkSync(`../../blobs/${blob}`, join(snapshot, 'model.bin'));
        await sign(cache, '--private-key', key.privateKey);
        const signature = join(snapshot, 'model.sig');
        const job = { model: snapshot, signature, publicKey: key.publicKey, links: true };
        expect(await reference([job])).toEqual([null]);
        expect(payloadOf(signature).predicate.serialization.allow_symlinks).toBe(true);
      });

      it('of 5,000 files', async () => {
        const many = inRoot('many');
        for (let at = 0; at < 5000; at++) {
          const folder = join(many, `d${at % 50}`, `e${at % 7}`);
          if (at < 350) mkdirSync(folder, { recursive: true });
          writeFileSync(join(folder, `f${at}`), `${at}`);
        }
        expect(await sign(many, '--private-key', key.privateKey)).toMatch(/^SIGNED .*: 5,000 files/);
        const [signature, theirs] = [join(many, 'model.sig'), inRoot('many-theirs.sig')];
        expect(
          await reference([
            { model: many, signature, publicKey: key.publicKey },
            { model: many, signature: theirs, privateKey: key.privateKey, ignore: ['model.sig'] },
          ]),
        ).toEqual([null, null]);
        expect(payloadOf(signature)).toEqual(payloadOf(theirs));
      });
    });
  },
);
