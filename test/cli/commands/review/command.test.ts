import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildZip } from '../../../support/containers.ts';
import { all, attribute, parseHtml, textOf } from '../../../support/parsed-html.ts';
import { tempFolder } from '../../../support/temp.ts';
import { PROBES, ROOT, runCli } from '../../run-cli.ts';

const folder = tempFolder();
const bad = join(PROBES, 'op-global-p2/a.pkl');
const inModel = join(folder, 'model');

beforeAll(() => {
  mkdirSync(inModel);
  copyFileSync(bad, join(inModel, 'a.pkl'));
  copyFileSync(join(ROOT, 'fixtures/formats/model.safetensors'), join(inModel, 'model.safetensors'));
});

/** A new folder for the output of one test. */
function workplace(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function reviewIn(path: string) {
  const parsed = parseHtml(readFileSync(path, 'utf8'));
  expect(parsed.errors).toEqual([]);
  return parsed;
}

describe('assay review', () => {
  it('writes only the review into the working folder, and prints its name', async () => {
    const cwd = workplace('plain');
    const { code, stdout, stderr } = await runCli(['review', inModel], { cwd });
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^DENY [^\n]*model\nmodel\.review\.html: \d+\.\d KiB, 1 finding, OWASP ML Top 10: assessed \d+\/10, direct \d+\/10\n$/,
    );
    expect(code).toBe(1);
    expect(readdirSync(cwd)).toEqual(['model.review.html']);
    const parsed = reviewIn(join(cwd, 'model.review.html'));
    expect(all(parsed, 'script')).toEqual([]);
    expect(parsed.text).toContain('Denied');
    expect(parsed.text).toContain('Sign-off');
  });

  it('overwrites a file only when --output names it', async () => {
    const cwd = workplace('over');
    writeFileSync(join(cwd, 'model.review.html'), 'mine');
    const { code, stderr } = await runCli(['review', inModel], { cwd });
    expect(stderr).toBe('assay: model.review.html: exists; name another file with --output\n');
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, 'model.review.html'), 'utf8')).toBe('mine');
    expect((await runCli(['review', inModel, '-o', 'model.review.html'], { cwd })).code).toBe(1);
    expect(readFileSync(join(cwd, 'model.review.html'), 'utf8')).toMatch(/^<!DOCTYPE html>/);
  });

  it.each<[string, string[], number]>([
    ['an allowed file', [join(ROOT, 'fixtures/formats/model.safetensors')], 0],
    ['a denied file', [bad], 1],
    ['a denied file under research', [bad, '--policy', 'research'], 0],
    ['an allowed file with a finding too severe', [bad, '--policy', 'research', '--fail-on', 'low'], 1],
  ])('exits with the code of a scan for %s', async (name, args, code) => {
    const output = join(folder, `${name.replaceAll(' ', '-')}.html`);
    const result = await runCli(['review', ...args, '-o', output, '--quiet']);
    expect(result).toMatchObject({ code, stdout: '', stderr: '' });
    reviewIn(output);
  });

  it('quotes the opcodes of a pickle in an archive, and the bytes of other files', async () => {
    const payload = readFileSync(bad);
    const zip = buildZip([{ name: 'archive/data.pkl', data: payload }]);
    const model = workplace('quoted');
    writeFileSync(join(model, 'weights.pt'), zip);
    writeFileSync(
      join(model, 'library.bin'),
      Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(200)]),
    );
    const output = join(folder, 'quoted.html');
    await runCli(['review', model, '-o', output, '--quiet']);
    const marks = all(reviewIn(output), 'pre').map((pre) => [attribute(pre, 'class'), textOf(pre)]);
    const listing = marks.find(([kind]) => kind === 'listing')?.[1];
    expect(listing).toMatch(/▸\d+ GLOBAL .*# import /);
    const hex = marks.find(([kind]) => kind === undefined)?.[1];
    expect(hex).toContain('▸00000000  7f 45 4c 46');
  });

  it('opens no connection with --offline, and leaves no file', async () => {
    const cwd = workplace('far');
    const { code, stderr } = await runCli(['review', 'hf://acme/model@main', '--offline'], {
      cwd,
      env: { HF_HOME: cwd },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^assay: [^\n]*acme\/model at main, and connections are not allowed[^\n]*\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ['a missing argument', [], /missing required argument 'artifact'/],
    ['a missing path', ['nowhere.pkl'], /nowhere\.pkl: no such file or folder; check the path/],
    ['an unsupported format', [bad, '-f', 'docx'], /Allowed choices are html, pdf/],
    ['an unknown paper size', [bad, '--paper', 'a0'], /Allowed choices are a4, letter/],
    ['a missing output folder', [bad, '-o', 'nowhere/r.html'], /--output nowhere\/r\.html: there is no folder nowhere/],
    ['an unknown policy', [bad, '-p', 'lenient'], /lenient: no such policy/],
    ['a missing allowance file', [bad, '--allow', 'none.yaml'], /none\.yaml: no such file/],
    ['two artifacts', [bad, bad], /too many arguments/],
  ])('prints one line, exits with 2 and writes no file for %s', async (name, args, line) => {
    const cwd = workplace(`bad-${name.replaceAll(' ', '-')}`);
    const { code, stdout, stderr } = await runCli(['review', ...args], { cwd });
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('says how to install Chromium for a PDF before it scans', async () => {
    const cwd = workplace('no-chromium');
    const env = { PATH: cwd };
    const none = await runCli(['review', inModel, '-o', 'r.pdf'], { cwd, env });
    expect(none.stderr).toBe(
      'assay: Chromium, which writes the PDF, is not installed; install Chromium (Debian: apt-get install chromium), or set ASSAY_CHROMIUM to its path\n',
    );
    expect(none.code).toBe(2);
    const wrong = await runCli(['review', inModel, '-f', 'pdf'], {
      cwd,
      env: { ...env, ASSAY_CHROMIUM: '/nowhere/chrome' },
    });
    expect(wrong.stderr).toMatch(/^assay: ASSAY_CHROMIUM \/nowhere\/chrome: is not a program; install Chromium/);
    expect(wrong.code).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('has a help text with examples and exit codes', async () => {
    const { code, stdout } = await runCli(['review', '--help']);
    expect(code).toBe(0);
    for (const part of ['assay review ./model -o review.pdf', 'ASSAY_CHROMIUM', 'Exit codes:'])
      expect(stdout).toContain(part);
  });
});
