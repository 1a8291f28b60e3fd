import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBES, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-bad-input-'));
const good = join(PROBES, 'op-global-p2/a.pkl');

beforeAll(() => {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, 'texts'));
  writeFileSync(join(folder, 'texts/README.md'), '# nothing here\n');
  writeFileSync(join(folder, 'texts/notes.txt'), 'nothing here either\n');
  writeFileSync(join(folder, 'broken.yaml'), 'allow: [');
  writeFileSync(
    join(folder, 'pattern.yaml'),
    'allow:\n  - {module: os, name: "*", uses: [call], owner: a, reason: b, expires: 2099-01-01}\n',
  );
  writeFileSync(
    join(folder, 'keyless.yaml'),
    'allow:\n  - {module: os, name: system, uses: [call], owner: a, expires: 2099-01-01}\n',
  );
  writeFileSync(join(folder, 'other.yaml'), 'deny: []\n');
  writeFileSync(
    join(folder, 'dangerous.yaml'),
    'allow:\n  - {module: os, name: system, uses: [call], owner: us, reason: ours, expires: 2099-01-01}\n',
  );
  symlinkSync('loop', join(folder, 'loop'));
  writeFileSync(join(folder, 'closed.pkl'), 'N.');
  chmodSync(join(folder, 'closed.pkl'), 0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The error is one line on stderr that starts with the program's name; nothing goes to stdout, no stack is shown, the exit code is 2. */
async function expectComplaint(args: string[], line: RegExp): Promise<void> {
  const { code, stdout, stderr } = await runCli(args, { cwd: folder });
  expect(stderr).toMatch(/^assay: [^\n]+\n$/);
  expect(stderr).toMatch(line);
  expect(stderr).not.toMatch(/ at .*:\d+:\d+|AssayError|CommanderError/);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

describe('bad input gives a one-line error with a hint, and exit code 2:', () => {
  it.each<[string, string[], RegExp]>([
    ['a missing path', ['scan', 'nowhere.pkl'], /nowhere\.pkl: no such file or folder; check the path/],
    ['a missing path among targets', ['scan', 'nowhere.pkl', '--format', 'jsonl'], /nowhere\.pkl: no such file/],
    ['an empty folder', ['scan', 'empty'], /empty: .*contains no files/],
    [
      'a folder without a model',
      ['scan', 'texts'],
      /texts: does not hold a model: all 2 files are text or media; give/,
    ],
    ['a symbolic link to itself', ['scan', 'loop'], /loop: /],
    ['a device', ['scan', '/dev/zero'], /\/dev\/zero: /],
    ['an unknown scheme', ['scan', 'gopher://x/y'], /gopher:.*; give/],
    ['an unsupported scheme', ['scan', 'gs://bucket/model'], /gs:.*not supported; download it/],
    ['an invalid Hub name', ['scan', 'hf://a/b/../../c@x y'], /hf:/],
    ['a network target with --offline', ['scan', 'https://example.org/model.pt', '--offline'], /offline/],
    ['no target', ['scan'], /missing required argument 'target'; assay --help/],
    ['an unknown verb', ['scna', 'x'], /unknown command 'scna'; did you mean scan\?/],
    ['an unknown option', ['scan', good, '--polcy', 'x'], /unknown option '--polcy'; did you mean --policy\?/],
    ['an option without its value', ['scan', good, '--policy'], /argument missing/],
    [
      'a wrong format',
      ['scan', good, '--format', 'xml'],
      /'xml' is invalid\. Allowed choices are table, json, jsonl, sarif/,
    ],
    ['a wrong severity', ['scan', good, '--fail-on', 'severe'], /'severe' is invalid/],
    [
      'an unknown policy',
      ['scan', good, '--policy', 'lenient'],
      /no such policy; use one of baseline, strict, production, air-gapped, research, or a YAML file/,
    ],
    [
      'a missing policy file',
      ['scan', good, '--policy', './p.yaml'],
      /p\.yaml: no such file; check the path, or use one of/,
    ],
    ['JSON of two targets', ['scan', good, good, '--format', 'json'], /takes one target, not 2; use --format jsonl/],
    [
      'an output in a missing folder',
      ['scan', good, '-o', 'no/where.json'],
      /--output no\/where\.json: there is no folder no; create it/,
    ],
    ['an output that is a folder', ['scan', good, '-o', 'empty'], /--output empty: is not a place for a file/],
    ['missing allowances', ['scan', good, '--allow', 'none.yaml'], /--allow none\.yaml: no such file/],
    ['broken allowances', ['scan', good, '--allow', 'broken.yaml'], /--allow broken\.yaml: is not YAML/],
    ['allowances with another schema', ['scan', good, '--allow', 'other.yaml'], /does not contain exactly one list/],
    [
      'an allowance by pattern',
      ['scan', good, '--allow', 'pattern.yaml'],
      /entry 1 does not name an exact module and name/,
    ],
    ['an allowance without a reason', ['scan', good, '--allow', 'keyless.yaml'], /entry 1 lacks "reason"/],
    [
      'a dangerous allowance',
      ['scan', good, '--allow', 'dangerous.yaml'],
      /os\.system, which nobody can allow: it runs/,
    ],
    [
      'an unknown rule',
      ['explain', 'pickle.global.unlistd'],
      /no such rule, check or limit; did you mean pickle\.global\.unlisted/,
    ],
    [
      'an unknown rule without a similar one',
      ['explain', 'zzz'],
      /no such rule, check or limit; assay explain lists all rules/,
    ],
    ['inspecting a folder', ['inspect', 'texts'], /texts: holds 2 files; name one: README\.md, notes\.txt/],
    ['inspecting a missing member', ['inspect', good, '--member', 'x'], /contains no pickle of that name/],
    [
      'a repro of a file that is not a pickle',
      ['repro', 'texts/notes.txt', '-o', 'r.pkl'],
      /holds no pickle; only pickles/,
    ],
    ['a line feed in a name', ['scan', 'a\nb\u001b[31m'], /a\\nb\\x1b\[31m: no such file/],
  ])('%s', async (_, args, line) => {
    await expectComplaint(args, line);
  });

  it('an unreadable file', async () => {
    const { code, stdout, stderr } = await runCli(['scan', 'closed.pkl'], { cwd: folder, unprivileged: true });
    expect(stderr).toBe('assay: closed.pkl: permission denied; grant read permission, or run as another user\n');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('no arguments, with the usage on stderr', async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: assay');
  });

  it('a missing path, with the stack when ASSAY_DEBUG is set', async () => {
    const { stderr } = await runCli(['scan', 'nowhere.pkl'], { cwd: folder, env: { ASSAY_DEBUG: '1' } });
    expect(stderr).toMatch(/no such file or folder; check the path\n {2}at /);
  });
});
