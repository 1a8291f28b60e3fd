import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CA, type Issued, issue, makeKey, openssl, SIGNING } from '../../../integrity/sign/pki.ts';
import { tempFolder } from '../../../support/temp.ts';
import { untilOpen } from '../../../support/watch-process.ts';
import { type CliOptions, MAIN, runCli } from '../../run-cli.ts';

const root = tempFolder();
const inRoot = (...parts: string[]) => join(root, ...parts);
const run = (args: readonly string[], options: CliOptions = {}) => runCli(args, { cwd: root, ...options });
let leaf: Issued;
let expired: Issued;

beforeAll(() => {
  chmodSync(root, 0o755);
  makeKey(inRoot('key.pem'), 'P-256');
  makeKey(inRoot('other.pem'), 'P-256');
  makeKey(inRoot('rsa.pem'), 'RSA');
  openssl('pkey', '-in', inRoot('key.pem'), '-pubout', '-out', inRoot('key.pub'));
  openssl(
    'pkcs8',
    '-topk8',
    '-v2',
    'aes256',
    '-in',
    inRoot('key.pem'),
    '-passout',
    'pass:right',
    '-out',
    inRoot('locked.pem'),
  );
  openssl('ec', '-in', inRoot('key.pem'), '-aes256', '-passout', 'pass:right', '-out', inRoot('old-locked.pem'));
  writeFileSync(inRoot('wrong'), 'wrong\n');
  writeFileSync(inRoot('text'), 'hello\n');
  writeFileSync(inRoot('large'), Buffer.alloc(2 * 1024 * 1024));
  const authority = issue(root, 'authority', { kind: 'P-256', extensions: CA });
  leaf = issue(root, 'leaf', { kind: 'P-256', extensions: SIGNING, issuer: authority });
  expired = issue(root, 'expired', { kind: 'P-256', extensions: SIGNING, issuer: authority, to: '20210101000000Z' });

  mkdirSync(inRoot('model'));
  writeFileSync(inRoot('model', 'weights.bin'), 'weights');
  writeFileSync(inRoot('model', 'README.md'), '# model');
  mkdirSync(inRoot('empty'));
  mkdirSync(inRoot('only-git', '.github'), { recursive: true });
  writeFileSync(inRoot('only-git', '.github', 'x'), '');
  for (const [folder, target] of Object.entries({ linked: 'weights.bin', leaving: '../text', dangling: 'nowhere' })) {
    mkdirSync(inRoot(folder));
    writeFileSync(inRoot(folder, 'weights.bin'), 'weights');
    symlinkSync(target, inRoot(folder, 'link'));
  }
  mkdirSync(inRoot('folders', 'real'), { recursive: true });
  writeFileSync(inRoot('folders', 'real', 'x'), 'x');
  symlinkSync('real', inRoot('folders', 'link'));
  symlinkSync('text', inRoot('link.sig'));
  mkdirSync(inRoot('closed'));
  writeFileSync(inRoot('closed', 'secret'), 'x');
  chmodSync(inRoot('closed', 'secret'), 0);
  mkdirSync(inRoot('locked'));
  writeFileSync(inRoot('locked', 'x'), 'x');
  chmodSync(inRoot('locked'), 0o555);
});

// Only root removes files from a folder without write permission.
afterAll(() => chmodSync(inRoot('locked'), 0o700));

const KEY = ['--private-key', 'key.pem'];

describe('assay sign gives a one-line error with a hint, exit code 2 and no signature for', () => {
  it.each<[string, string[], RegExp]>([
    [
      'no key or identity',
      ['model'],
      /^assay: assay sign: no key, certificate or identity is given; give --private-key or --keyless/,
    ],
    ['no artifact', [], /missing required argument 'artifact'/],
    ['a missing folder', ['nowhere', ...KEY], /nowhere: no such file or folder; check the path/],
    ['an empty folder', ['empty', ...KEY], /empty: the folder contains no files; give the folder/],
    ['a folder whose files are all ignored', ['only-git', ...KEY], /only-git: there is no file to sign; give a folder/],
    ['a device', ['/dev/zero', ...KEY], /\/dev\/zero: is neither a file nor a folder/],
    [
      'a model of the Hub',
      ['hf://acme/tiny', ...KEY],
      /hf:\/\/acme\/tiny: only what is on this machine can be signed; assay pull hf:\/\/acme\/tiny, then/,
    ],
    [
      'a model of an OCI registry',
      ['oci://r.example/m', ...KEY],
      /only what is on this machine can be signed; download it/,
    ],
    ['an unknown scheme', ['gopher://x', ...KEY], /gopher:.*; give/],
    [
      'a symbolic link',
      ['linked', ...KEY],
      /^assay: link: is a symbolic link; replace it with its file, or give --allow-symlinks/,
    ],
    [
      'a link out of the folder',
      ['leaving', ...KEY, '--allow-symlinks'],
      /^assay: link: is a link that leads out of the folder; replace/,
    ],
    [
      'a broken link',
      ['dangling', ...KEY, '--allow-symlinks'],
      /^assay: link: is a link to a file that does not exist/,
    ],
    [
      'a link to a folder',
      ['folders', ...KEY, '--allow-symlinks'],
      /^assay: link: is a symbolic link to a folder; .*--ignore link/,
    ],

    ['a missing key', ['model', '--private-key', 'none.pem'], /--private-key none\.pem: no such file; check the path/],
    ['a folder for a key', ['model', '--private-key', 'model'], /--private-key model: is a folder; name a file/],
    ['a text file for a key', ['model', '--private-key', 'text'], /text: is not a private key that can be read/],
    ['a public key', ['model', '--private-key', 'key.pub'], /key\.pub: is not a private key that can be read/],
    [
      'a file too large for a key',
      ['model', '--private-key', 'large'],
      /--private-key large: has more than 1048576 bytes/,
    ],
    ['an RSA key', ['model', '--private-key', 'rsa.pem'], /rsa\.pem: an RSA 2048 key cannot sign models; use P-256/],
    [
      'an encrypted key',
      ['model', '--private-key', 'locked.pem'],
      /locked\.pem: the private key is encrypted; give --passphrase-file, or set ASSAY_KEY_PASSPHRASE/,
    ],
    [
      'a wrong passphrase',
      ['model', '--private-key', 'locked.pem', '--passphrase-file', 'wrong'],
      /locked\.pem: the passphrase does not open the private key; check/,
    ],
    [
      'a missing passphrase file',
      ['model', ...KEY, '--passphrase-file', 'none'],
      /--passphrase-file none: no such file/,
    ],
    [
      'a passphrase as an argument',
      ['model', ...KEY, '--passphrase', 'right'],
      /--passphrase: other users of this machine can read the arguments of a process; put/,
    ],

    ['a missing certificate', ['model', ...KEY, '--certificate', 'none.pem'], /--certificate none\.pem: no such file/],
    [
      'a key file for a certificate',
      ['model', ...KEY, '--certificate', 'key.pem'],
      /key\.pem: does not contain a certificate; give a PEM file/,
    ],
    [
      'a certificate of another key',
      ['model', ...KEY, '--certificate', 'leaf.pem'],
      /leaf\.pem: the certificate belongs to another key; give/,
    ],
    [
      'a certificate of an authority',
      ['model', '--private-key', 'authority.key', '--certificate', 'authority.pem'],
      /authority\.pem: .*belongs to an authority/,
    ],
    [
      'an expired certificate',
      ['model', '--private-key', 'expired.key', '--certificate', 'expired.pem'],
      /expired\.pem: .*expired on 2021-01-01/,
    ],
    [
      'a chain of another issuer',
      ['model', '--private-key', 'leaf.key', '--certificate', 'leaf.pem', '--certificate-chain', 'expired.pem'],
      /expired\.pem: "CN=expired, O=Acme" issued neither the certificate/,
    ],
    [
      'a certificate without a key',
      ['model', '--certificate', 'leaf.pem'],
      /--certificate: cannot sign alone; give --private-key, too/,
    ],
    [
      'a chain without a certificate',
      ['model', ...KEY, '--certificate-chain', 'authority.pem'],
      /--certificate-chain: needs --certificate/,
    ],

    ['--keyless with a key', ['model', '--keyless', ...KEY], /--keyless: cannot be combined with the --private-key;/],
    [
      '--keyless with --offline',
      ['model', '--keyless', '--offline'],
      /--keyless: needs services that --offline forbids; leave out/,
    ],
    [
      '--keyless with a passphrase',
      ['model', '--keyless', '--passphrase-file', 'text'],
      /--passphrase-file: needs --private-key/,
    ],
    ['a token without --keyless', ['model', ...KEY, '--identity-token', 'x'], /--identity-token: needs --keyless/],
    [
      'two tokens',
      ['model', '--keyless', '--identity-token', 'x', '--identity-token-file', 'y'],
      /were both given; leave out one/,
    ],
    [
      'a signing config and a Rekor URL',
      ['model', '--keyless', '--signing-config', 'x', '--rekor-url', 'https://x'],
      /--signing-config: cannot be combined/,
    ],
    [
      'a Fulcio URL without TLS',
      ['model', '--keyless', '--fulcio-url', 'http://ca.example'],
      /--fulcio-url: http:\/\/ca\.example\/ is not encrypted/,
    ],
    ['an invalid Rekor URL', ['model', '--keyless', '--rekor-url', 'x'], /--rekor-url: is not an address of a service/],

    [
      'a signature in a missing folder',
      ['model', ...KEY, '--signature', 'no/where.sig'],
      /--signature no\/where\.sig: there is no folder no; create it/,
    ],
    [
      'a signature that is a folder',
      ['model', ...KEY, '--signature', 'empty'],
      /--signature empty: is not a place for a file/,
    ],
    [
      'a signature path of another file',
      ['model', ...KEY, '--signature', 'model/weights.bin'],
      /--signature model\/weights\.bin: exists, but is not a signature; name another file/,
    ],
    [
      'a signature path that is a link',
      ['model', ...KEY, '--signature', 'link.sig'],
      /--signature link\.sig: is a symbolic link; name the target/,
    ],
    [
      '--ignore of a missing file',
      ['model', ...KEY, '--ignore', 'nothing'],
      /--ignore nothing: the model has no such file or folder; check/,
    ],
    [
      '--ignore of a path relative to the working folder',
      ['model', ...KEY, '--ignore', 'model/README.md'],
      /--ignore model\/README\.md: .*; did you mean README\.md\?/,
    ],
    [
      '--ignore of a path outside the model',
      ['model', ...KEY, '--ignore', '../text'],
      /--ignore \.\.\/text: is not within the model/,
    ],
    ['--ignore of the whole model', ['model', ...KEY, '--ignore', '.'], /--ignore \.: is the whole model; give a file/],
    [
      '--ignore for a single file',
      ['text', ...KEY, '--ignore', 'x'],
      /--ignore x: is a single file, so --ignore does not apply/,
    ],
    [
      'an unknown hash',
      ['model', ...KEY, '--hash', 'md5'],
      /'md5' is invalid\. Allowed choices are sha256, blake2b, blake3/,
    ],
  ])('%s', async (_, args, line) => {
    const { code, stdout, stderr } = await run(['sign', ...args]);
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+|AssayError|CommanderError/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(inRoot('model', 'model.sig'))).toBe(false);
  });

  it.each(['locked.pem', 'old-locked.pem'])('%s with a wrong passphrase in the environment', async (key) => {
    const { code, stderr } = await run(['sign', 'model', '--private-key', key], {
      env: { ASSAY_KEY_PASSPHRASE: 'wrong' },
    });
    expect(stderr).toMatch(
      new RegExp(`^assay: ${key}: (?:the passphrase does not open the private key|is not an encrypted private key)`),
    );
    expect(stderr).not.toMatch(/wrong/);
    expect(code).toBe(2);
  });

  it('a file that cannot be read, and a folder that cannot be written', async () => {
    const never = inRoot('never.sig');
    // The user of the program can be another user than that of the tests.
    copyFileSync(inRoot('key.pem'), inRoot('open.pem'));
    chmodSync(inRoot('open.pem'), 0o644);
    const key = ['--private-key', 'open.pem'];
    const unreadable = await run(['sign', 'closed', ...key, '--signature', never], { unprivileged: true });
    expect(unreadable.stderr).toMatch(/secret: permission denied; grant read permission/);
    expect(unreadable.code).toBe(2);
    expect(existsSync(never)).toBe(false);
    const unwritable = await run(['sign', 'locked', ...key], { unprivileged: true });
    expect(unwritable.stderr).toMatch(/--signature locked\/model\.sig: locked is not writable; grant/);
    expect(unwritable.code).toBe(2);
  });
});

describe('assay sign', () => {
  it('prints what was signed, by whom, and how to verify it, and nothing with --quiet', async () => {
    const { code, stdout, stderr } = await run([
      'sign',
      'model',
      ...KEY,
      '--signature',
      "it's.sig",
      '--ignore',
      './README.md',
    ]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^SIGNED model: 1 file, 7 bytes \(sha256\), 1 file left out\n {2}by {11}key P-256, hint [0-9a-f]{64}\n {2}root digest {2}sha256:[0-9a-f]{64} \(of OpenSSF Model Signing\)\n {2}signature {4}it's\.sig\nCheck it with\n {2}openssl pkey -in key\.pem -pubout -out key\.pub\n {2}assay verify model --signature 'it'\\''s\.sig' --public-key key\.pub --allow-partial\n$/,
    );
    expect(code).toBe(0);
    const quiet = await run(['sign', 'model', ...KEY, '--signature', "it's.sig", '-q']);
    expect(quiet).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('prints verify commands that run as printed', async () => {
    mkdirSync(inRoot('printed'));
    writeFileSync(inRoot('printed', 'weights.bin'), 'weights');
    for (const args of [
      [...KEY],
      [
        '--private-key',
        leaf.privateKey,
        '--certificate',
        leaf.certificate,
        '--certificate-chain',
        inRoot('authority.pem'),
      ],
    ]) {
      const { stdout } = await run(['sign', 'printed', ...args]);
      const commands =
        stdout.split('Check it with\n')[1]?.replaceAll('assay verify', `${process.execPath} ${MAIN} verify`) ?? '';
      const shell = spawn('sh', ['-ec', commands], { cwd: root, stdio: 'ignore' });
      expect(await new Promise((resolve) => shell.once('close', resolve))).toBe(0);
    }
    expect(expired.certificate).toBe(inRoot('expired.pem'));
  });

  it('warns of a key that others can read, of a key within the model, and of files that it does not cover', async () => {
    const folder = inRoot('careless');
    mkdirSync(join(folder, '.github'), { recursive: true });
    for (let at = 0; at < 7; at++) writeFileSync(join(folder, '.github', `evil\u001b${at}.py`), '');
    makeKey(join(folder, 'key.pem'), 'P-256');
    chmodSync(join(folder, 'key.pem'), 0o640);
    const { code, stderr } = await run(['sign', 'careless', '--private-key', 'careless/key.pem']);
    expect(code).toBe(0);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^assay: warning: careless\/key\.pem: other users of this machine can read this private key; run chmod 600/,
      ),
      'assay: warning: the signature will not cover 7 files: .github/evil\\x1b0.py, .github/evil\\x1b1.py, .github/evil\\x1b2.py, .github/evil\\x1b3.py, .github/evil\\x1b4.py, and 2 more; --cover-all signs them, too',
      expect.stringMatching(/^assay: warning: the private key lies within the model/),
      '',
    ]);
    const all = await run(['sign', 'careless', '--private-key', 'careless/key.pem', '--cover-all']);
    expect(all.stderr).not.toMatch(/will not cover/);
  });

  it('refuses files that change while they are hashed, and leaves no file after an interrupt', async () => {
    const folder = inRoot('huge');
    mkdirSync(folder);
    const weights = join(folder, 'weights.bin');
    const file = openSync(weights, 'w');
    ftruncateSync(file, 64 * 1024 ** 3);
    const onStart = (child: ChildProcess) => void untilOpen(child, weights).then(() => child.kill('SIGINT'));
    const stopped = await run(['sign', 'huge', ...KEY], { onStart });
    expect(stopped).toMatchObject({ code: 130, stdout: '', stderr: '' });
    expect(readdirSync(folder)).toEqual(['weights.bin']);

    // Truncation during the read is noticed at once; the whole file would take minutes.
    const changed = await run(['sign', 'huge', ...KEY], {
      onStart: (child) => void untilOpen(child, weights).then(() => ftruncateSync(file, 0)),
    });
    closeSync(file);
    expect(changed.stderr).toMatch(
      /^assay: huge\/weights\.bin: ended at byte \d+ while it was read, but had \d+ bytes before; scan it again/,
    );
    expect(changed.code).toBe(2);
    expect(readdirSync(folder)).toEqual(['weights.bin']);
  });

  it('replaces an earlier signature completely', async () => {
    const signature = inRoot('again.sig');
    await run(['sign', 'model', ...KEY, '--signature', signature]);
    const first = readFileSync(signature);
    await run(['sign', 'model', '--private-key', 'other.pem', '--signature', signature]);
    expect(readFileSync(signature).equals(first)).toBe(false);
    expect(readdirSync(root).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('has a help text', async () => {
    const { code, stdout } = await run(['sign', '--help']);
    expect(code).toBe(0);
    for (const part of [
      '--private-key',
      '--keyless',
      'ASSAY_KEY_PASSPHRASE',
      'id-token: write',
      'Examples:',
      'Exit codes:',
    ])
      expect(stdout).toContain(part);
    expect(stdout).not.toContain('--passphrase ');
  });
});
