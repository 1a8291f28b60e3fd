import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPython, requirePart } from '../../../support/parts.ts';
import { canImport, runProgram } from '../../../support/run-program.ts';
import { tempFolder } from '../../../support/temp.ts';
import { PROBES, ROOT, runCli } from '../../run-cli.ts';

const MODEL = join(ROOT, 'fixtures/benign/stdlib/3.13.0/none-types.p3.pkl');

const python = findPython();
const isThere = await canImport(python, 'model_signing');
const root = tempFolder();
const key = join(root, 'key.pem');
const publicKey = join(root, 'key.pub');

/** A model with names that are hard to walk: unusual names, an empty file, git's own files. */
function makeModel(name: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'sub', 'deep'), { recursive: true });
  cpSync(MODEL, join(folder, 'model.pkl'));
  writeFileSync(join(folder, 'config.json'), '{"a": 1}\n');
  writeFileSync(join(folder, 'sub', 'empty'), '');
  writeFileSync(join(folder, 'sub', 'deep', '🎉 \ufffd name.txt'), 'x');
  writeFileSync(join(folder, '.gitattributes'), '*.bin filter=lfs\n');
  return folder;
}

function makeKey(): void {
  const run = (...args: string[]) => expect(spawnSync('openssl', args).status).toBe(0);
  run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key);
  run('ec', '-in', key, '-pubout', '-out', publicKey);
}

/** Signs with the reference implementation. */
async function sign(folder: string, ...more: string[]): Promise<void> {
  const args = ['sign', 'key', '--private_key', key, '--signature', join(folder, 'model.sig'), ...more, folder];
  const { status, stderr } = await runProgram(python ?? '', ['-m', 'model_signing', ...args]);
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

requirePart(
  'model-signing package of PyPI',
  isThere,
  'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt',
  'assay verify of a model signed with the reference implementation',
  () => {
    let model = '';
    const verify = (...args: string[]) => runCli(['verify', model, '--public-key', publicKey, ...args]);

    beforeAll(async () => {
      makeKey();
      const signed = makeModel('signed');
      await sign(signed);
    });

    /** Makes a copy of the signed model for one test. */
    const fresh = (name: string) => {
      model = join(root, name);
      cpSync(join(root, 'signed'), model, { recursive: true, verbatimSymlinks: true });
    };

    it('verifies the signature and prints the signer', async () => {
      fresh('whole');
      const { code, stdout, stderr } = await verify();
      expect(stderr).toBe('');
      expect(stdout).toMatch(
        /^SIGNATURE {5}verified: the signature is valid for 4 files; not for \.gitattributes,\s+which only git\s+reads\nsigner {8}the P-256 key/,
      );
      expect(code).toBe(0);
      expect(await verify('--quiet')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    });

    it('prints the same as JSON', async () => {
      fresh('json');
      const { stdout, code } = await verify('--format', 'json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        schemaVersion: '1',
        artifact: { ref: model, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
        signature: { signature: 'model.sig', status: 'verified', problem: null, method: 'sha256', covered: 4 },
      });
    });

    const tampered: [string, () => void, RegExp][] = [
      ['a changed file', () => appendFileSync(join(model, 'config.json'), ' '), /config\.json was changed/],
      ['a file that is gone', () => rmSync(join(model, 'sub', 'empty')), /sub\/empty is missing/],
      ['an added file', () => writeFileSync(join(model, 'auto.py'), ''), /auto\.py is not among the signed files/],
      [
        'a renamed file',
        () => renameSync(join(model, 'config.json'), join(model, 'Config.json')),
        /config\.json is missing/,
      ],
      [
        'two files swapped',
        () => {
          renameSync(join(model, 'config.json'), join(model, 'x'));
          renameSync(join(model, 'model.pkl'), join(model, 'config.json'));
          renameSync(join(model, 'x'), join(model, 'model.pkl'));
        },
        /config\.json, model\.pkl were changed/,
      ],
      [
        'a link in place of a file',
        () => {
          renameSync(join(model, 'config.json'), join(model, 'sub', 'moved'));
          symlinkSync('sub/moved', join(model, 'config.json'));
        },
        /config\.json is a link, which the signer did not allow|sub\/moved is not among/,
      ],
      [
        'a file under a path that the reference ignores',
        () => {
          mkdirSync(join(model, '.github'));
          writeFileSync(join(model, '.github', 'evil.py'), 'boom');
        },
        /\.github\/evil\.py is under a path that the signer excluded/,
      ],
      [
        'a pickle under a name of git',
        () => writeFileSync(join(model, '.gitattributes'), 'cos\nsystem\n(S"id"\ntR.'),
        /\.gitattributes is under a path that the signer excluded/,
      ],
      [
        'a .git file that is not the one of a worktree',
        () => writeFileSync(join(model, '.git'), 'weights'),
        /\.git is under a path that the signer excluded/,
      ],
      [
        'a file beside the bookkeeping of the Hub client',
        () => {
          mkdirSync(join(model, '.cache', 'huggingface'), { recursive: true });
          writeFileSync(join(model, '.cache', 'huggingface', 'evil.py'), 'boom');
        },
        /\.cache\/huggingface\/evil\.py is not among the signed files/,
      ],
    ];

    it.each(tampered)('refuses %s', async (name, tamper, message) => {
      fresh(name.replaceAll(' ', '-'));
      tamper();
      const { code, stdout } = await verify();
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(message);
      expect(code).toBe(1);
    });

    it('accepts a partial signature only with --allow-partial, and never a changed file', async () => {
      fresh('partial');
      writeFileSync(join(model, 'added.txt'), 'x');
      expect(await verify('--allow-partial')).toMatchObject({ code: 0, stdout: expect.stringContaining('partial') });
      appendFileSync(join(model, 'config.json'), ' ');
      expect((await verify('--allow-partial')).code).toBe(1);
    });

    it('trusts no signer that is not named', async () => {
      fresh('nobody');
      const { code, stdout } = await runCli(['verify', model]);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
        'no signer is trusted: name the key that you trust with --public-key',
      );
      expect(code).toBe(1);
    });

    it('reads the trust file from the environment', async () => {
      fresh('environment');
      const trust = join(root, 'trust.yaml');
      writeFileSync(trust, 'version: 1\nsigners:\n  - {name: us, key: key.pub, may: [model-signature]}\n');
      expect((await runCli(['verify', model], { env: { ASSAY_TRUST: trust } })).code).toBe(0);
      expect((await runCli(['verify', model, '--trust', trust])).code).toBe(0);
    });

    it('runs within a scan: a valid signature passes, an invalid one denies', async () => {
      fresh('scan');
      const scan = async (...args: string[]) => {
        const { code, stdout } = await runCli(['scan', model, '--format', 'json', ...args]);
        const { signatures, checks, findings } = JSON.parse(stdout);
        const check = checks.find(({ id }: { id: string }) => id === 'integrity.signature');
        return { code, signatures, check, rules: findings.map(({ ruleId }: { ruleId: string }) => ruleId) };
      };
      expect(await scan('--public-key', publicKey)).toMatchObject({
        code: 0,
        check: { status: 'pass' },
        signatures: [{ status: 'verified', covered: 4 }],
      });
      expect(await scan()).toMatchObject({ code: 0, check: { status: 'not-assessed' } });
      writeFileSync(join(model, 'added.json'), '{}');
      expect(await scan('--public-key', publicKey)).toMatchObject({
        code: 1,
        check: { status: 'fail' },
        rules: ['integrity.signature.uncovered'],
      });
      rmSync(join(model, 'added.json'));
      rmSync(join(model, 'model.sig'));
      expect(await scan('--public-key', publicKey)).toMatchObject({
        code: 1,
        check: { status: 'fail' },
        signatures: [],
      });
    });
  },
);

describe('assay verify', () => {
  const good = MODEL;
  const lone = (text: string) => {
    const path = join(root, 'lone.sig');
    writeFileSync(path, text);
    return path;
  };

  it.each<[string, () => string[], RegExp]>([
    [
      'a model without a signature',
      () => ['verify', PROBES],
      /has no signature: neither model\.sig in it nor a \.sig file beside it; name it with --signature/,
    ],
    ['a missing signature file', () => ['verify', good, '--signature', 'no.sig'], /no\.sig: no such file/],
    ['a signature that is not JSON', () => ['verify', good, '--signature', lone('hello')], /lone\.sig: .*not JSON/],
    ['a signature that is not a bundle', () => ['verify', good, '--signature', lone('{}')], /lone\.sig: .*bundle/],
    ['a missing key', () => ['verify', good, '--public-key', 'no.pub'], /--public-key no\.pub: no such file/],
    ['an invalid key', () => ['verify', good, '--public-key', lone('x')], /lone\.sig: is not a public key/],
    [
      'a missing root',
      () => ['verify', good, '--identity', 'a', '--issuer', 'b', '--trusted-root', 'no.json'],
      /no\.json: no such file/,
    ],
    [
      'an invalid root',
      () => ['verify', good, '--identity', 'a', '--issuer', 'b', '--trusted-root', lone('{}')],
      /lone\.sig: /,
    ],
    [
      'an identity without an issuer',
      () => ['verify', good, '--identity', 'a'],
      /names an identity and no issuer; give/,
    ],
    ['an issuer without an identity', () => ['verify', good, '--issuer', 'a'], /names an issuer and no identity; give/],
    [
      'an identity pattern that matches anybody',
      () => ['verify', good, '--identity', '**', '--issuer', 'https://a'],
      /; /,
    ],
    ['an empty chain', () => ['verify', good, '--certificate-chain', lone('')], /lone\.sig: .*certificate/],
    ['a missing artifact', () => ['verify', 'nowhere', '--public-key', 'x'], /: no such file/],
    ['an invalid trust file', () => ['verify', good, '--trust', lone('a: 1')], /lone\.sig/],
    ['an invalid time', () => ['verify', good, '--validity', 'later'], /--validity/],
  ])('prints one line and exits with 2 for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args());
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
