import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../src/core/errors.ts';
import { identifyFormat, probeOf } from '../../src/formats/identify.ts';
import { parseLfsPointer } from '../../src/formats/lfs-pointer.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { decide } from '../../src/policy/index.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { runCli } from '../cli/run-cli.ts';

/** Created by git-lfs itself, see make.sh beside it. */
const CHECKOUT = new URL('../../fixtures/lfs-pointers/checkout/', import.meta.url).pathname;
const HEX = '8c0a31939409f76cf40a06f8542e9843e833e9efaf26f607821025208d13c91a';
const VERSION = 'version https://git-lfs.github.com/spec/v1\n';
const GOOD = `${VERSION}oid sha256:${HEX}\nsize 12345\n`;
const parse = (text: string | Uint8Array) => parseLfsPointer(Buffer.from(text), 'pointer');
const folder = mkdtempSync(join(tmpdir(), 'assay-lfs-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function formatOf(bytes: string | Uint8Array): Promise<string | undefined> {
  return identifyFormat(await probeOf(new MemorySource(Buffer.from(bytes), 'x')))?.id;
}

async function judge(name: string, bytes: string | Uint8Array) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const assessment = await assess(await openArtifact(path));
  const [file] = assessment.files;
  if (file === undefined) throw new Error('no file');
  return { file, assessment, action: decide(assessment).action };
}

describe('a Git LFS pointer', () => {
  it.each([
    ['model.safetensors', { sha256: HEX, size: 12_345, extensions: [] }],
    [
      'extended.bin',
      { sha256: 'c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4', size: 1000, extensions: ['upper'] },
    ],
  ])('of git-lfs itself is parsed: %s', async (name, pointer) => {
    const bytes = readFileSync(join(CHECKOUT, name));
    expect(parse(bytes)).toEqual(pointer);
    expect(await formatOf(bytes)).toBe('lfs-pointer');
  });

  it('can be of an early version, or of an empty file', () => {
    expect(parse(GOOD.replace('git-lfs.github.com', 'hawser.github.com')).size).toBe(12_345);
    expect(parse(GOOD.replace('https://git-lfs.github.com/spec/v1', 'http://git-media.io/v/2')).sha256).toBe(HEX);
    expect(parse(GOOD.replace('12345', '0')).size).toBe(0);
  });

  it.each<[string, string, RegExp]>([
    ['no line feed at the end', GOOD.trimEnd(), /does not end with a line feed/],
    ['Windows line ends', GOOD.replaceAll('\n', '\r\n'), /a line that is not a key and value/],
    ['a blank line', `${GOOD}\n`, /a line that is not a key and value/],
    ['two spaces', GOOD.replace('size ', 'size  '), /a line that is not a key and value/],
    ['a tab', GOOD.replace('size ', 'size\t'), /a line that is not a key and value/],
    ['a key in capitals', GOOD.replace('size', 'Size'), /a line that is not a key and value/],
    ['a byte order mark', `\ufeff${GOOD}`, /a line that is not a key and value/],
    ['another version', GOOD.replace('v1', 'v9'), /does not begin with a version/],
    ['the version in a later line', `oid sha256:${HEX}\nsize 1\n${VERSION}`, /does not begin with a version/],
    ['keys out of order', `${VERSION}size 1\noid sha256:${HEX}\n`, /keys out of order/],
    ['a repeated key', `${VERSION}oid sha256:${HEX}\nsize 1\nsize 2\n`, /keys out of order/],
    ['another hash', GOOD.replace('sha256', 'sha512'), /does not name a SHA-256 digest/],
    ['a digest in capitals', GOOD.replace(HEX, HEX.toUpperCase()), /does not name a SHA-256 digest/],
    ['a short digest', GOOD.replace(HEX, HEX.slice(1)), /does not name a SHA-256 digest/],
    ['no digest', `${VERSION}size 1\n`, /does not name a SHA-256 digest/],
    ['no size', `${VERSION}oid sha256:${HEX}\n`, /does not name a size/],
    ['a size with a sign', GOOD.replace('12345', '-1'), /does not name a size/],
    ['a size with a leading zero', GOOD.replace('12345', '012'), /does not name a size/],
    ['a size that is too long', GOOD.replace('12345', '9'.repeat(40)), /does not name a size/],
    ['a size above the safe integers', GOOD.replace('12345', '9'.repeat(16)), /does not name a size/],
    ['an unknown key', `${VERSION}oid sha256:${HEX}\nsize 1\nurl https://x\n`, /a key that no pointer has/],
    ['an extension without a digest', `${VERSION}ext-0-a 1\noid sha256:${HEX}\nsize 1\n`, /an extension without/],
    [
      'an extension without a number',
      `${VERSION}ext-a sha256:${HEX}\noid sha256:${HEX}\nsize 1\n`,
      /a key that no pointer/,
    ],
  ])('is refused with %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'malformed', message: expect.stringMatching(message) }),
    );
  });

  it('is refused at 1024 bytes, for invalid UTF-8, and for an empty file', () => {
    const many = (length: number) => {
      const lines = Array.from({ length: 10 }, (_, i) => `ext-${i}-${'n'.repeat(8)} sha256:${HEX}\n`).join('');
      const short = `${VERSION}${lines}oid sha256:${HEX}\nsize 1\n`;
      return short.replace('ext-0-', `ext-0-${'n'.repeat(length - short.length)}`);
    };
    expect(parse(many(1023)).extensions).toHaveLength(10);
    expect(() => parse(many(1024))).toThrow(/not shorter than 1024 bytes/);
    expect(() => parse(Buffer.concat([Buffer.from(VERSION), Buffer.from([0xff, 0x0a])]))).toThrow(/not UTF-8/);
    expect(() => parse('')).toThrow(/line feed/);
  });

  it('gives its values or an AssayError for any bytes', () => {
    const line = fc.constantFrom(
      VERSION,
      `oid sha256:${HEX}\n`,
      'size 1\n',
      'ext-0-a sha256:',
      `${HEX}\n`,
      '\r',
      ' ',
      '\0',
      'size ',
    );
    const text = fc.array(line, { maxLength: 8 }).map((lines) => Buffer.from(lines.join('')));
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 1100 })), (bytes) => {
        try {
          const { sha256, size, extensions } = parse(bytes);
          const lines = extensions.length === 0 ? Buffer.from(bytes).toString().split('\n').slice(1) : undefined;
          if (lines !== undefined) expect(lines).toEqual([`oid sha256:${sha256}`, `size ${size}`, '']);
        } catch (error) {
          if (!isAssayError(error)) throw error;
          expect(error.code).toBe('malformed');
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a scan of a Git LFS pointer', () => {
  it('is unknown, and states what is missing and how to fetch it', async () => {
    const { file, assessment, action } = await judge(
      'model.safetensors',
      readFileSync(join(CHECKOUT, 'model.safetensors')),
    );
    expect(file).toMatchObject({
      format: 'lfs-pointer',
      verdict: 'unknown',
      reasons: [
        `a Git LFS pointer to 12345 bytes with sha256 ${HEX}, not the content: run git lfs pull, and scan it again`,
      ],
    });
    expect(assessment.findings).toMatchObject([
      { ruleId: 'source.lfs-pointer', severity: 'info', file: 'model.safetensors' },
    ]);
    expect(assessment.notes.join()).toMatch(/there is no model here: 1 file is a Git LFS pointer; run git lfs pull/);
    expect(action).toBe('deny');
  });

  it.each<[string, string, RegExp]>([
    [
      'broken',
      `${VERSION}oid sha256:${HEX}\n`,
      /begins like a Git LFS pointer, but is not one: it does not name a size/,
    ],
    ['of Windows', GOOD.replaceAll('\n', '\r\n'), /but is not one: it has a line that is not a key and value/],
    ['with a program behind it', `${GOOD}import os\n`, /but is not one/],
  ])('that is %s is unknown, but not identified as a pointer', async (name, text, reason) => {
    const { file, assessment, action } = await judge(`${name}.bin`, text);
    expect(file).toMatchObject({ verdict: 'unknown', reasons: [expect.stringMatching(reason)] });
    expect(assessment.findings).toEqual([]);
    expect(action).toBe('deny');
  });

  it('gives another format for a file that only starts like a pointer', async () => {
    const zip = readFileSync(new URL('../../fixtures/containers/stored.zip', import.meta.url));
    expect(await formatOf(Buffer.concat([Buffer.from(GOOD), zip]))).toBe('zip');
    expect(await formatOf(`${GOOD}${'words '.repeat(300)}`)).toBe('text');
    expect(await formatOf(Buffer.concat([Buffer.from(GOOD), Buffer.from([0, 1, 2])]))).not.toBe('lfs-pointer');
    expect(await formatOf(` ${GOOD}`)).toBe('text');
    expect((await judge('polyglot.pt', Buffer.concat([Buffer.from(GOOD), zip]))).file.format).not.toBe('lfs-pointer');
  });

  it('of a checkout with only pointers says so, denies, and exits with 1', async () => {
    const checkout = join(folder, 'checkout');
    cpSync(CHECKOUT, checkout, { recursive: true });
    const { code, stdout, stderr } = await runCli(['scan', checkout]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^DENY/);
    expect(stdout).toMatch(
      /there is no model here: 2 files are Git LFS pointers, the rest is text; run git lfs\s+pull/,
    );
    expect(stdout).toMatch(/git lfs install` and `git lfs pull` in the checkout/);
    expect(code).toBe(1);
    cpSync(new URL('../../fixtures/formats/plain.safetensors', import.meta.url), join(checkout, 'model.safetensors'));
    const half = await runCli(['scan', checkout, '--format', 'json']);
    expect(JSON.parse(half.stdout).notes).toContain(
      '1 file is a Git LFS pointer: run git lfs pull in the checkout, and scan it again',
    );
    expect(half.code).toBe(1);
  });

  it('of a folder of DVC files states how to fetch the data', async () => {
    const checkout = mkdtempSync(join(folder, 'dvc-'));
    writeFileSync(
      join(checkout, 'model.pkl.dvc'),
      'outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 1\n  path: model.pkl\n',
    );
    const { code, stderr } = await runCli(['scan', checkout]);
    expect(stderr).toMatch(/does not hold a model: .*run dvc pull/);
    expect(code).toBe(2);
  });
});
