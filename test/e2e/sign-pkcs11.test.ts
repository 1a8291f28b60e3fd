import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { CA, issue, makeKey, openssl, SIGNING } from '../integrity/sign/pki.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const root = tempFolder();
const inRoot = (name: string) => join(root, name);
const env = { SOFTHSM2_CONF: inRoot('softhsm2.conf'), ASSAY_PKCS11_PIN: '1234' };
const KINDS = ['P-256', 'P-384', 'P-521'] as const;

function softHsm(...args: string[]): void {
  const { status, stderr } = spawnSync('softhsm2-util', args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

/** A token with a key of each kind, and a second token. */
function makeTokens(): void {
  mkdirSync(inRoot('tokens'));
  writeFileSync(
    env.SOFTHSM2_CONF,
    `directories.tokendir = ${inRoot('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  for (const token of ['models', 'other']) {
    softHsm('--init-token', '--free', '--label', token, '--so-pin', '5678', '--pin', '1234');
  }
  KINDS.forEach((kind, at) => {
    makeKey(inRoot(`${kind}.key`), kind);
    openssl('pkey', '-in', inRoot(`${kind}.key`), '-pubout', '-out', inRoot(`${kind}.pub`));
    importKey('models', kind, `0${at + 1}`, inRoot(`${kind}.key`));
  });
  makeKey(inRoot('rsa.key'), 'RSA');
  importKey('models', 'rsa', '10', inRoot('rsa.key'));
  importKey('models', 'twice', '20', inRoot('P-256.key'));
  importKey('models', 'twice', '21', inRoot('P-384.key'));
}

function importKey(token: string, label: string, id: string, file: string): void {
  softHsm('--import', file, '--token', token, '--label', label, '--id', id, '--pin', '1234');
}

requirePart(
  'pkcs11js package and SoftHSM',
  existsSync(MODULE) && isInstalled('pkcs11js'),
  'apt-get install softhsm2 g++ make, then npm install --prefix .cache/pkcs11 pkcs11js@2.1.7 and link it into node_modules',
  'assay sign with a key in a token',
  () => {
    let model = '';
    beforeAll(() => {
      makeTokens();
      model = inRoot('model');
      mkdirSync(model);
      writeFileSync(join(model, 'weights.bin'), 'weights');
    });
    const sign = (args: readonly string[], change: NodeJS.ProcessEnv = {}) =>
      runCli(['sign', model, '--pkcs11-module', MODULE, ...args], { env: { ...env, ...change } });
    const verify = (...args: string[]) => runCli(['verify', model, ...args]);

    it.each(KINDS)('signs with %s, and the signature verifies with the public key', async (kind) => {
      const { code, stdout, stderr } = await sign(['--pkcs11-key', `pkcs11:token=models;object=${kind}`]);
      expect(stderr).toBe('');
      expect(stdout).toContain(`by           key ${kind}, hint `);
      expect(code).toBe(0);
      expect((await verify('--public-key', inRoot(`${kind}.pub`))).code).toBe(0);
      expect((await verify('--public-key', inRoot(`${kind === 'P-256' ? 'P-384' : 'P-256'}.pub`))).code).toBe(1);
    });

    it('finds the key by its id, with a PIN from a file', async () => {
      writeFileSync(inRoot('pin'), '1234\n');
      const args = ['--pkcs11-key', 'pkcs11:token=models;id=%02', '--pkcs11-pin-file', inRoot('pin')];
      expect(await sign(args, { ASSAY_PKCS11_PIN: '' })).toMatchObject({ code: 0, stderr: '' });
      expect((await verify('--public-key', inRoot('P-384.pub'))).code).toBe(0);
    });

    it('signs with a key that requires its PIN for every signature', async () => {
      const script = new URL('../integrity/sign/pkcs11/make-token-key.mjs', import.meta.url).pathname;
      const args = [script, MODULE, 'models', 'careful', '1234'];
      const made = spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
      expect(made).toMatchObject({ status: 0, stderr: '' });
      const signed = await sign(['--pkcs11-key', 'pkcs11:token=models;object=careful']);
      expect(signed).toMatchObject({ code: 0, stderr: '' });
    });

    it('signs with a certificate of the key', async () => {
      const authority = issue(root, 'authority', { kind: 'RSA', extensions: CA });
      const leaf = issue(root, 'leaf', { kind: 'P-384', extensions: SIGNING, issuer: authority });
      importKey('models', 'leaf', '30', leaf.privateKey);
      const chain = ['--certificate-chain', authority.certificate];
      const args = ['--certificate', leaf.certificate, ...chain];
      expect(await sign(['--pkcs11-key', 'pkcs11:token=models;object=leaf', ...args])).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect((await verify(...chain)).code).toBe(0);
      const other = await sign(['--pkcs11-key', 'pkcs11:token=models;object=P-384', ...args]);
      expect(other.stderr).toMatch(/leaf\.pem: the certificate belongs to another key/);
      expect(other.code).toBe(2);
    });

    describe('fails', () => {
      const key = (name: string) => ['--pkcs11-key', `pkcs11:token=models;object=${name}`];
      it.each<[string, readonly string[], NodeJS.ProcessEnv, RegExp]>([
        [
          'with a wrong PIN',
          key('P-256'),
          { ASSAY_PKCS11_PIN: '9999' },
          /libsofthsm2\.so: the PIN is wrong; give --pkcs11-pin-file, or set/,
        ],
        [
          'without a PIN',
          key('P-256'),
          { ASSAY_PKCS11_PIN: '' },
          /the token does not show such a private key; give --pkcs11-pin-file/,
        ],
        ['without the key', key('none'), {}, /the token does not show such a private key; check the label/],
        ['with several matching keys', key('twice'), {}, /has several such private keys; name its id in a URI/],
        [
          'with several matching tokens',
          ['--pkcs11-key', 'P-256'],
          {},
          /has several such tokens; name one in a URI: .*"models"/,
        ],
        [
          'without the token',
          ['--pkcs11-key', 'pkcs11:token=x;object=y'],
          {},
          /has no such token; name one in a URI: /,
        ],
        ['with an RSA key', key('rsa'), {}, /the key of the token is not an elliptic curve key; use P-256/],
        ['without a key', [], {}, /--pkcs11-module: was given without a key; give --pkcs11-key, too/],
        ['with two keys', [...key('P-256'), '--private-key', 'x'], {}, /and --private-key were both given/],
        [
          'with a passphrase',
          [...key('P-256'), '--passphrase-file', 'x'],
          {},
          /--passphrase-file: needs --private-key/,
        ],
        [
          'with a PIN in a URI',
          ['--pkcs11-key', 'pkcs11:object=a?pin-value=1'],
          {},
          /--pkcs11-key: the URI contains a PIN/,
        ],
        [
          'with a missing PIN file',
          [...key('P-256'), '--pkcs11-pin-file', 'none'],
          {},
          /--pkcs11-pin-file none: no such file/,
        ],
        [
          'with --keyless',
          [...key('P-256'), '--keyless'],
          {},
          /--keyless: cannot be combined with the --pkcs11-module; leave out one of them/,
        ],
      ])('%s', async (_, args, change, line) => {
        const { code, stdout, stderr } = await sign(args, change);
        expect(stderr).toMatch(/^assay: [^\n]+\n$/);
        expect(stderr).toMatch(line);
        expect(stdout).toBe('');
        expect(code).toBe(2);
      });

      it.each([
        ['an invalid module', '/dev/null'],
        ['a missing module', '/nowhere.so'],
      ])('with %s', async (_, module) => {
        const { code, stderr } = await runCli(['sign', model, '--pkcs11-module', module, '--pkcs11-key', 'x'], { env });
        expect(stderr).toMatch(
          /^assay: \/[^\n]+: is not a PKCS #11 module that can be loaded; give the library of your token\n$/,
        );
        expect(code).toBe(2);
      });
    });
  },
);

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
