import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { MAX_CHECKSUM_BYTES, readChecksums } from '../../../src/integrity/manifests/checksums.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const FILES = [
  'model.bin',
  'with  spaces.bin',
  'new\nline',
  'back\\slash',
  '*star',
  'é 😀',
  'a) = b',
  '#hash',
  '\u2028x',
];
for (const name of FILES) writeFileSync(join(folder, name), `content of ${name}`);

const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder });
const hex = (algorithm: string, name: string) => createHash(algorithm).update(`content of ${name}`).digest('hex');
const read = (
  text: string | Uint8Array,
  ...more: Parameters<typeof readChecksums> extends [unknown, unknown, ...infer R] ? R : never
) => readChecksums(typeof text === 'string' ? Buffer.from(text) : text, 'SUMS', ...more);
const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('the output of real programs is parsed:', () => {
  it.each<[string, string[], string, string]>([
    ['sha256sum', [], 'sha256', 'sha256'],
    ['sha256sum', ['-b'], 'sha256', 'sha256'],
    ['sha256sum', ['--tag'], 'sha256', 'sha256'],
    ['sha512sum', [], 'sha512', 'sha512'],
    ['sha512sum', ['--tag'], 'sha512', 'sha512'],
    ['md5sum', [], 'md5', 'md5'],
    ['md5sum', ['--tag'], 'md5', 'md5'],
    ['sha1sum', [], 'sha1', 'sha1'],
    ['b2sum', ['--tag'], 'blake2b', 'blake2b512'],
    ['cksum', ['-a', 'sha256'], 'sha256', 'sha256'],
    ['cksum', ['-a', 'sha384', '--untagged'], 'sha384', 'sha384'],
    ['cksum', ['-a', 'blake2b'], 'blake2b', 'blake2b512'],
    ['shasum', ['-a', '256'], 'sha256', 'sha256'],
    ['shasum', ['-a', '256', '-b'], 'sha256', 'sha256'],
    ['shasum', ['-a', '224', '--tag'], 'sha224', 'sha224'],
  ])('%s %j', (program, flags, algorithm, hash) => {
    const written = run(program, ...flags, '--', ...FILES);
    expect(read(written)).toEqual(FILES.map((name) => ({ path: name, algorithm, hex: hex(hash, name) })));
  });

  it('openssl dgst', () => {
    for (const flags of [['-sha256'], ['-sha256', '-r']]) {
      const expected = [{ path: 'model.bin', algorithm: 'sha256', hex: hex('sha256', 'model.bin') }];
      expect(read(run('openssl', 'dgst', ...flags, 'model.bin'))).toEqual(expected);
    }
    const blake = run('openssl', 'dgst', '-blake2b512', 'model.bin');
    expect(read(blake)).toEqual([{ path: 'model.bin', algorithm: 'blake2b', hex: hex('blake2b512', 'model.bin') }]);
  });

  it('b2sum without tags, which only the file name distinguishes from sha512sum', () => {
    const written = run('b2sum', 'model.bin');
    expect(read(written, 'blake2b')[0]).toMatchObject({ algorithm: 'blake2b' });
    expect(read(written)[0]).toMatchObject({ algorithm: 'sha512' });
  });

  it('sha256sum of hostile file names', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .map((text) => text.replace(/[\0/]/g, '_'));
    fc.assert(
      fc.property(
        part.filter((name) => !/^\.*$/.test(name)),
        (name) => {
          writeFileSync(join(folder, name), `content of ${name}`);
          const written = run('sha256sum', '--', `./${name}`);
          expect(read(written)).toEqual([{ path: name, algorithm: 'sha256', hex: hex('sha256', name) }]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a checksum manifest', () => {
  it('can have comments, blank lines, a byte order mark, Windows line ends and upper case', () => {
    expect(read(`\ufeff# made by hand\r\n\r\n${A.toUpperCase()} *x/y.bin\r\nSHA256 (z) = ${B}`)).toEqual([
      { path: 'x/y.bin', algorithm: 'sha256', hex: A },
      { path: 'z', algorithm: 'sha256', hex: B },
    ]);
  });

  it('can have a clear-signed armor, whose signature is ignored', () => {
    const signed = [
      '-----BEGIN PGP SIGNED MESSAGE-----',
      'Hash: SHA256',
      '',
      '# model.bin: 3 bytes',
      `SHA256 (model.bin) = ${A}`,
      `- ${B}  -dashed`,
      '-----BEGIN PGP SIGNATURE-----',
      '',
      'iQIzBAEBCAAdFiEE',
      '-----END PGP SIGNATURE-----',
    ];
    expect(read(signed.join('\n')).map(({ path }) => path)).toEqual(['model.bin', '-dashed']);
  });

  it('names a file once, in one spelling', () => {
    expect(read(`${A}  ./a//b/./c\n${A}  a/b/c\n`)).toEqual([{ path: 'a/b/c', algorithm: 'sha256', hex: A }]);
  });

  it('without lines has no entries', () => expect(read('')).toEqual([]));

  it('can be a single digest beside its file', () => {
    const model = { path: 'model.pt', algorithm: 'sha256', hex: A };
    expect(read(`${A}\n`, 'sha256', 'model.pt')).toEqual([model]);
    expect(read(`${A}  -\n`, 'sha256', 'model.pt')).toEqual([model]);
    expect(read(`${A}  other.pt\n`, 'sha256', 'model.pt')).toEqual([{ ...model, path: 'other.pt' }]);
    expect(() => read(`${A}\n`)).toThrow('line 1 does not contain a digest');
  });

  it.each<[string, string, string]>([
    ['has a path with "../"', `${A}  ../model.pt`, 'line 1 names a file outside its folder'],
    ['has a path with "../" in the middle', `${A}  a/../../model.pt`, 'line 1 names a file outside its folder'],
    ['has an absolute path', `${A}  ok\n${A}  /etc/passwd`, 'line 2 names a file that is not below the manifest'],
    ['has a network path', `${A}  s3://bucket/key`, 'line 1 names a file that is not below the manifest'],
    ['names its own folder', `${A}  ./.`, 'line 1 names a folder instead of a file'],
    ['has a NUL in a path', `${A}  a\0b`, 'line 1 names a path that is empty, too long or holds a NUL character'],
    ['has two digests for a file', `${A}  a\n${B}  ./a`, 'states two digests for a'],
    ['has a digest of no known length', `${'a'.repeat(63)}  a`, 'line 1 has a digest of 63 digits'],
    ['has a digest of another length', `SHA256 (a) = ${'a'.repeat(40)}`, 'line 1 has a SHA256 digest of 40 digits'],
    ['has an unknown hash', `WHIRLPOOL (a) = ${A}`, 'line 1 has a digest of an unknown algorithm, WHIRLPOOL'],
    ['has an unknown escape', `\\${A}  a\\tb`, 'line 1 has a name with an unknown escape'],
    ['ends within an escape', `\\${A}  a\\`, 'line 1 has a name with an unknown escape'],
    ['is an HTML page', '<html>', 'line 1 does not contain a digest'],
    ['has a line with too long a path', `${A}  ${'x'.repeat(20_000)}`, 'line 1 is longer than any path'],
    [
      'has a name that is too long',
      `${A}  ${'x'.repeat(5_000)}`,
      'line 1 names a path that is empty, too long or holds a NUL character',
    ],
  ])('that %s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('is refused when it is not UTF-8 or too large', () => {
    expect(() => read(Buffer.from(`${A}  \xff`, 'latin1'))).toThrow('is not UTF-8');
    expect(() => read(Buffer.alloc(MAX_CHECKSUM_BYTES + 1, 'a'))).toThrow(expect.objectContaining({ code: 'limit' }));
  });

  it('is parsed or refused at its maximum size', () => {
    for (const unit of [') = ', '(', '\\n', 'a', '(a) = ', `${A} `]) {
      const line = unit.repeat(Math.floor(16_000 / unit.length));
      expect(() => read(`SHA256 (${line}\n`.repeat(200))).toThrow();
    }
    const all = Array.from({ length: 100_000 }, (_, i) => `${A}  folder/file-${i}\n`).join('');
    expect(read(all)).toHaveLength(100_000);
    expect(() => read(`${all}${A}  more`)).toThrow('names more than 100000 files');
  });

  it('throws only AssayErrors for any bytes', () => {
    const word = fc.constantFrom(
      A,
      B,
      '  ',
      ' *',
      '\\',
      'SHA256',
      ' (',
      ') = ',
      '../',
      '/',
      'a',
      '\n',
      '\r',
      '\0',
      '#',
      '-----BEGIN PGP SIGNED MESSAGE-----',
    );
    const text = fc.oneof(
      fc.array(word).map((words) => words.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text.map((one) => Buffer.from(one)),
          fc.uint8Array(),
        ),
        fc.option(fc.constant('m.pt')),
        (bytes, beside) => {
          try {
            for (const { path, hex: digest } of readChecksums(bytes, 'SUMS', undefined, beside ?? undefined)) {
              expect(path).not.toMatch(/^\/|(?:^|\/)\.{0,2}(?:\/|$)|\0/);
              expect(digest).toMatch(/^[0-9a-f]+$/);
            }
          } catch (error) {
            if (!isAssayError(error)) throw error;
            expect(['malformed', 'limit']).toContain(error.code);
          }
        },
      ),
      { numRuns: 700 },
    );
  });
});
