import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeHub, fakeFile } from '../../../support/fake-hub.ts';
import { noise, tempFolder } from '../../../support/temp.ts';
import { untilOpen } from '../../../support/watch-process.ts';
import { type CliOptions, runCli } from '../../run-cli.ts';

const folder = tempFolder();
const FIXTURES = fileURLToPath(new URL('../../../../fixtures/manifests/', import.meta.url));
const FILES: Readonly<Record<string, Uint8Array>> = {
  'a.bin': noise(3_000_000, 1),
  'back\\slash': noise(10, 2),
  empty: noise(0),
  'new\nline': noise(11, 3),
  'return\rcarriage': noise(12, 4),
  'sub/ two  spaces': noise(13, 5),
  'sub/é 😀.bin': noise(14, 6),
  '*star': noise(15, 7),
  '#hash': noise(16, 8),
};

const digest = (args: readonly string[], options: CliOptions = {}) =>
  runCli(['digest', ...args], { cwd: folder, ...options });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const TREE = /^sha256:[0-9a-f]{64} {2}model\n$/;

/** A copy of the model that a test can change. */
let models = 0;
function model(): string {
  const name = `model-${models++}`;
  cpSync(join(folder, 'model'), join(folder, name), { recursive: true });
  return name;
}

beforeAll(() => {
  for (const [path, bytes] of Object.entries(FILES)) {
    mkdirSync(join(folder, 'model', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'model', path), bytes);
  }
  writeFileSync(join(folder, 'abc'), 'abc');
});

describe('assay digest', () => {
  it.each([
    ['sha256sum', 'sha256'],
    ['b2sum', 'blake2b'],
  ])('prints lines that %s -c accepts, also for unusual names', async (program, algorithm) => {
    const { code, stdout, stderr } = await digest(['model', '--algorithm', algorithm]);
    expect(stderr).toMatch(TREE);
    expect(code).toBe(0);
    const cwd = join(folder, 'model');
    const checked = execFileSync(program, ['--strict', '-c', '-'], { cwd, input: stdout, encoding: 'utf8' });
    expect(checked.match(/: OK$/gm)).toHaveLength(Object.keys(FILES).length);
    const names = Object.keys(FILES).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(stdout).toBe(execFileSync(program, ['--', ...names], { cwd, encoding: 'utf8' }));
  });

  it('prints the BLAKE3 digest of a published test vector', async () => {
    const { stdout } = await digest(['abc', '-a', 'blake3', '-q']);
    expect(stdout).toBe('6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85  abc\n');
  });

  it('prints lines for several targets that can be checked from the working folder', async () => {
    const { stdout, stderr, code } = await digest(['model/sub', 'model/a.bin', 'model']);
    expect(code).toBe(0);
    expect(stderr.match(/^sha256:/gm)).toHaveLength(3);
    expect(stdout.split('\n')[2]).toBe(`${sha256(FILES['a.bin'] ?? noise(0))}  model/a.bin`);
    const checked = execFileSync('sha256sum', ['--strict', '-c', '-'], {
      cwd: folder,
      input: stdout,
      encoding: 'utf8',
    });
    expect(checked.match(/: OK$/gm)).toHaveLength(Object.keys(FILES).length + 3);
  });

  it('prints the same tree digest as scan', async () => {
    const tree = await digest(['model', '--tree']);
    expect(tree).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(TREE) });
    const scan = await runCli(['scan', 'model', '--format', 'json'], { cwd: folder });
    expect(`${JSON.parse(scan.stdout).artifact.digest}  model\n`).toBe(tree.stdout);
  });

  it('prints JSON', async () => {
    const { stdout, stderr } = await digest(['model/sub', '--format', 'json', '--git']);
    expect(stderr).toBe('');
    const bytes = FILES['sub/é 😀.bin'] ?? noise(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: '1',
      ref: 'model/sub',
      pinned: 'model/sub',
      digest: expect.stringMatching(/^sha256:/),
      files: [
        { path: ' two  spaces', size: 13, digestBasis: 'computed' },
        {
          path: 'é 😀.bin',
          size: 14,
          sha256: sha256(bytes),
          gitSha1: createHash('sha1').update('blob 14\0').update(bytes).digest('hex'),
          digestBasis: 'computed',
        },
      ],
    });
    const lines = await digest(['model/sub', 'model/a.bin', '--format', 'jsonl', '-a', 'blake2b']);
    const parsed = lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(parsed.map(({ ref }) => ref)).toEqual(['model/sub', 'model/a.bin']);
    expect(parsed[1].files[0].blake2b).toMatch(/^[0-9a-f]{128}$/);
  });

  it('prints the roots that a signature would cover', async () => {
    const name = model();
    for (const path of ['model.sig', '.gitignore', 'sub.txt']) writeFileSync(join(folder, name, path), path);
    mkdirSync(join(folder, name, '.github'));
    writeFileSync(join(folder, name, '.github/x'), 'x');
    const { stdout } = await digest([name, '--oms']);
    const all = new Map([...Object.entries(FILES), ['sub.txt', Buffer.from('sub.txt')] as const]);
    const root = (keyOf: (path: string) => string) => {
      const hash = createHash('sha256');
      const keys = [...all].map(([path, bytes]) => ({ key: Buffer.from(keyOf(path)), bytes }));
      keys.sort((a, b) => Buffer.compare(a.key, b.key));
      for (const { bytes } of keys) hash.update(sha256(bytes), 'hex');
      return hash.digest('hex');
    };
    const roots = [root((path) => path.replaceAll('/', '\0')), root((path) => path)];
    expect(stdout.split('\n').map((line) => line.slice(0, 64))).toEqual([...roots, '']);
    expect(new Set(roots).size).toBe(2);
    const json = JSON.parse((await digest([name, '--oms', '-f', 'json'])).stdout);
    expect(json.oms).toEqual({ referenceOrder: roots[0], specOrder: roots[1] });
  });

  it('writes a manifest into the folder itself, without a line for the manifest', async () => {
    const name = model();
    for (let i = 0; i < 2; i++) {
      const { code, stdout } = await digest([name, '-o', `${name}/SHA256SUMS`]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      const checked = execFileSync('sha256sum', ['--strict', '-c', 'SHA256SUMS'], {
        cwd: join(folder, name),
        encoding: 'utf8',
      });
      expect(checked.match(/: OK$/gm)).toHaveLength(Object.keys(FILES).length);
    }
  });

  it('continues after a target that fails, and prints less with --quiet', async () => {
    const { code, stdout, stderr } = await digest(['nowhere', 'model/sub', '--quiet']);
    expect(code).toBe(2);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toBe('assay: nowhere: no such file or folder; check the path\n');
  });

  it('prints no digest of a folder with an unreadable file', async () => {
    const name = model();
    symlinkSync('/etc/hostname', join(folder, name, 'link'));
    const { code, stdout, stderr } = await digest([name]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^assay: link: is a link that leads out of the folder; .*\n$/);
  });

  it('exits with 130 and no output after an interrupt', async () => {
    const file = openSync(join(folder, 'huge'), 'w');
    ftruncateSync(file, 40 * 1024 ** 3);
    const { code, stdout, stderr } = await digest(['huge'], {
      onStart: (child) => void untilOpen(child, join(folder, 'huge')).then(() => child.kill('SIGINT')),
    });
    rmSync(join(folder, 'huge'));
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: '' });
  });
});

describe('assay digest --check', () => {
  const sums = (name: string, ...flags: string[]) =>
    execFileSync('sha256sum', [...flags, '--', ...Object.keys(FILES)], { cwd: join(folder, name), encoding: 'utf8' });

  it('reports for each file whether its digest matches', async () => {
    const name = model();
    for (const flags of [[], ['--tag'], ['-b']]) {
      writeFileSync(join(folder, 'SUMS'), sums(name, ...flags));
      const { code, stdout, stderr } = await digest([name, '--check', 'SUMS']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.match(/: OK$/gm)).toHaveLength(Object.keys(FILES).length);
    }
    expect(await digest([name, '--check', 'SUMS', '-q'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('lists files that differ, are missing, or are not in the manifest', async () => {
    const name = model();
    writeFileSync(join(folder, name, 'SHA256SUMS'), sums(name));
    appendFileSync(join(folder, name, 'a.bin'), 'x');
    rmSync(join(folder, name, 'sub/ two  spaces'));
    writeFileSync(join(folder, name, 'added.py'), 'x');
    const { code, stdout, stderr } = await digest([name, '--check', `${name}/SHA256SUMS`]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^a\.bin: FAILED \(SHA-256\)$/m);
    expect(stdout).toMatch(/^sub\/ two {2}spaces: MISSING$/m);
    expect(stdout.match(/: OK$/gm)).toHaveLength(7);
    expect(stderr).toBe(
      `${name}/SHA256SUMS: of 9 announced, 1 differs from the manifest, 1 missing\n${name}/SHA256SUMS: 1 file not named: added.py\n`,
    );
    const quiet = await digest([name, '--check', `${name}/SHA256SUMS`, '--quiet']);
    expect(quiet.stdout.trimEnd().split('\n')).toHaveLength(2);
    const json = JSON.parse((await digest([name, '--check', `${name}/SHA256SUMS`, '-f', 'json'])).stdout);
    expect(json).toMatchObject({ status: 'fail', unnamed: ['SHA256SUMS', 'added.py'] });
    expect(json.entries[0]).toEqual({
      path: 'a.bin',
      algorithm: 'sha256',
      announced: sha256(FILES['a.bin'] ?? noise(0)),
      outcome: 'failed',
      weak: false,
    });
  });

  it('checks a single file against its own entry', async () => {
    writeFileSync(join(folder, 'SUMS'), sums('model'));
    expect(await digest(['model/a.bin', '-c', 'SUMS'])).toMatchObject({ code: 0, stdout: 'a.bin: OK\n', stderr: '' });
    expect(await digest(['model/sub/é 😀.bin', '-c', 'SUMS'])).toMatchObject({ code: 0, stdout: 'é 😀.bin: OK\n' });
    expect(await digest(['abc', '-c', 'SUMS'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'assay: SUMS: does not name abc; give the folder that it describes\n',
    });
    writeFileSync(join(folder, 'a.bin.sha256'), sha256(FILES['a.bin'] ?? noise(0)));
    expect(await digest(['model/a.bin', '-c', 'a.bin.sha256'])).toMatchObject({ code: 0, stdout: 'a.bin: OK\n' });
  });

  it.each(['md5sum', 'sha1sum'])(
    'with %s detects damage, and says that it does not detect tampering',
    async (program) => {
      const name = model();
      const cwd = join(folder, name);
      writeFileSync(join(folder, 'WEAK'), execFileSync(program, ['a.bin', '#hash'], { cwd }));
      const { code, stdout, stderr } = await digest([name, '-c', 'WEAK']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^a\.bin: OK \((?:MD5|SHA-1), which can be forged\)\n/);
      expect(stderr).toContain(
        'WEAK: 2 of 2 compared by a hash that can be forged: it detects damage, not tampering\n',
      );
      appendFileSync(join(cwd, 'a.bin'), 'x');
      expect(await digest([name, '-c', 'WEAK'])).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^a\.bin: FAILED/),
      });
    },
  );

  it('reads DVC files', async () => {
    cpSync(join(FIXTURES, 'dvc-3'), join(folder, 'dvc'), { recursive: true });
    for (const manifest of ['data.dvc', 'model.bin.dvc', 'text.txt.dvc', 'dvc.lock']) {
      const { code, stdout } = await digest(['dvc', '-c', `dvc/${manifest}`]);
      expect({ manifest, code }).toEqual({ manifest, code: 0 });
      expect(stdout).toMatch(/^(?:[\w.]+: OK \(MD5, which can be forged\)\n)+$/);
    }
    appendFileSync(join(folder, 'dvc/data/sub/b.bin'), 'x');
    expect(await digest(['dvc', '-c', 'dvc/data.dvc'])).toMatchObject({ code: 1, stdout: 'data: FAILED (MD5)\n' });
    const old = await digest([join(FIXTURES, 'dvc-2'), '-c', join(FIXTURES, 'dvc-2/model.bin.dvc')]);
    expect(old).toMatchObject({
      code: 2,
      stdout: 'model.bin: NOT COMPARED (the MD5 of DVC before version 3 is not computed)\n',
    });
  });
});

describe('assay digest of a Hub model', () => {
  let hub: FakeHub;
  const weights = noise(12_000_000, 9);
  const run = (...args: string[]) => digest(args, { env: { HF_ENDPOINT: hub.endpoint, HF_HOME: '/nonexistent' } });
  const lied = noise(100, 10);

  beforeAll(async () => {
    hub = await FakeHub.start();
    hub.repo('owner/model').commit([fakeFile('config.json', '{}'), fakeFile('model.bin', weights, { lfs: true })]);
    const lie = fakeFile('model.bin', noise(11_000_000, 11), { lfs: true, oid: sha256(lied) });
    hub.repo('owner/lied').commit([fakeFile('config.json', '{}'), lie]);
  });
  afterAll(() => hub.close());

  it('reads every byte once', async () => {
    const before = hub.requests.length;
    const { code, stdout, stderr } = await run('hf://owner/model');
    expect(stdout).toBe(`${sha256(Buffer.from('{}'))}  config.json\n${sha256(weights)}  model.bin\n`);
    expect(stderr).toMatch(/sha256:[0-9a-f]{64} {2}hf:\/\/owner\/model@[0-9a-f]{40}\n$/);
    expect(code).toBe(0);
    const sent = hub.requests.slice(before).filter(({ sent }) => sent >= weights.length);
    expect(sent).toHaveLength(1);
  });

  it('exits with 1 when the bytes do not match the announced digest', async () => {
    const { code, stdout, stderr } = await run('hf://owner/lied');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^assay: hf:\/\/owner\/lied\/model\.bin: the bytes have the sha256 [0-9a-f]{64}, but [0-9a-f]{64} was announced/,
    );
    writeFileSync(join(folder, 'HUB'), `${sha256(lied)}  model.bin\n`);
    expect((await run('hf://owner/lied', '--check', 'HUB')).code).toBe(1);
  });

  it('prints announced digests with --claimed without reading the files, and says so', async () => {
    const before = hub.requests.length;
    const { stdout, stderr } = await run('hf://owner/lied', '--claimed');
    expect(stdout).toBe(`${sha256(lied)}  model.bin\n`);
    expect(stderr).toMatch(/^note: 1 file claimed by another digest only/);
    const json = JSON.parse((await run('hf://owner/lied', '--claimed', '-f', 'json')).stdout);
    expect(json).toMatchObject({
      digest: null,
      files: [
        { path: 'config.json', sha256: null, gitSha1: expect.any(String), digestBasis: 'claimed' },
        { path: 'model.bin', sha256: sha256(lied), digestBasis: 'claimed' },
      ],
    });
    expect(hub.requests.slice(before).filter(({ url }) => url.includes('/resolve/'))).toEqual([]);
  });

  it('compares with a manifest and fetches only the files that the manifest names', async () => {
    writeFileSync(join(folder, 'HUB'), `${sha256(Buffer.from('{}'))}  config.json\n`);
    const before = hub.requests.length;
    expect(await run('hf://owner/model', '-c', 'HUB')).toMatchObject({ code: 0, stdout: 'config.json: OK\n' });
    expect(hub.requests.slice(before).some(({ url }) => url.includes('model.bin'))).toBe(false);
    writeFileSync(join(folder, 'HUB'), `${sha256(lied)}  x/model.bin\n`);
    expect(await run('hf://owner/model/model.bin', '-c', 'HUB')).toMatchObject({
      code: 1,
      stdout: 'model.bin: FAILED (SHA-256)\n',
    });
  });
});

describe('bad input gives a one-line error with a hint, and exit code 2:', () => {
  it.each<[string, string[], RegExp]>([
    ['no target', [], /missing required argument 'target'/],
    ['a missing path', ['nowhere'], /nowhere: no such file or folder; check the path/],
    ['an unknown algorithm', ['model', '-a', 'md5'], /'md5' is invalid\. Allowed choices are sha256, blake2b, blake3/],
    ['an unknown format', ['model', '-f', 'xml'], /Allowed choices are text, json, jsonl/],
    ['JSON of two targets', ['model', 'abc', '-f', 'json'], /takes one target, not 2; use --format jsonl/],
    ['--tree and --oms', ['model', '--tree', '--oms'], /--oms: cannot be combined with --tree; give one of them/],
    [
      'claimed digests in another algorithm',
      ['model', '--claimed', '-a', 'blake3'],
      /--algorithm: cannot be combined with --claimed/,
    ],
    ['git digests as text', ['model', '--git'], /--git: is for --format json and jsonl; git hash-object/],
    ['a check of two targets', ['model', 'abc', '-c', 'SUMS'], /--check: takes one target, not 2/],
    [
      'claimed digests of a local folder',
      ['model', '--claimed'],
      /model: the source claims no digests of these files; leave out --claimed/,
    ],
    ['a missing manifest', ['model', '-c', 'none'], /none: no such file or folder/],
    ['a folder as a manifest', ['model', '-c', 'model'], /model: is not a regular file/],
    [
      'a text that is not a manifest',
      ['model', '-c', 'bad-text'],
      /bad-text: line 1 does not contain a digest; give a file that sha256sum/,
    ],
    [
      'an empty manifest',
      ['model', '-c', 'bad-empty'],
      /bad-empty: does not contain a digest; check that it is the manifest/,
    ],
    [
      'a manifest with "../"',
      ['model', '-c', 'bad-climbs'],
      /bad-climbs: line 1 names a file outside its folder; name/,
    ],
    ['invalid YAML', ['model', '-c', 'bad.dvc'], /bad\.dvc: is not YAML/],
    ['a manifest that is too large', ['model', '-c', 'large.dvc'], /large\.dvc: has more than 131072 bytes; check/],
    ['an output in a missing folder', ['model', '-o', 'no/where'], /--output no\/where: there is no folder no/],
    ['no file to sign', ['only-git', '--oms'], /only-git: contains no file that a signature would cover/],
    ['a network target with --offline', ['https://example.org/x', '--offline'], /offline/],
  ])('%s', async (_, args, line) => {
    writeFileSync(join(folder, 'bad-text'), 'hello');
    writeFileSync(join(folder, 'bad-empty'), '# nothing\n');
    writeFileSync(join(folder, 'bad-climbs'), `${'a'.repeat(64)}  ../x\n`);
    writeFileSync(join(folder, 'bad.dvc'), 'outs: [');
    writeFileSync(join(folder, 'large.dvc'), 'a'.repeat(200_000));
    mkdirSync(join(folder, 'only-git'), { recursive: true });
    writeFileSync(join(folder, 'only-git/.gitignore'), 'x');
    const { code, stdout, stderr } = await digest(args);
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+|AssayError|CommanderError|defect/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

it('names in a manifest are escaped for the terminal', async () => {
  const name = 'evil\u001b[31m';
  writeFileSync(join(folder, 'EVIL'), `${'a'.repeat(64)}  ${name}\n`);
  const { stdout } = await digest(['model', '-c', 'EVIL']);
  expect(stdout).toBe('evil\\x1b[31m: MISSING\n');
  expect(readFileSync(join(folder, 'EVIL'), 'utf8')).toContain(name);
});
