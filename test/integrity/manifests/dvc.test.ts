import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { MAX_YAML_BYTES } from '../../../src/core/yaml/bounded-yaml.ts';
import { compareClaims, type KnownFile, manifestClaims } from '../../../src/integrity/manifests/claims.ts';
import { readDvcFile, readDvcLock } from '../../../src/integrity/manifests/dvc.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/manifests/', import.meta.url));
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const fixture = (path: string) => readFileSync(join(FIXTURES, path));
const file = (text: string) => readDvcFile(Buffer.from(text), 'x.dvc');
const lock = (text: string) => readDvcLock(Buffer.from(text), 'dvc.lock');
const HEX = 'a'.repeat(32);

/** The files of a fixture folder with their MD5 digests. */
function knownFiles(folder: string): KnownFile[] {
  return readdirSync(join(FIXTURES, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      const path = relative(join(FIXTURES, folder), join(entry.parentPath, entry.name));
      return { path, size: bytes.length, digests: new Map([['md5', md5(bytes)]]), basis: 'computed' };
    });
}

describe('a file of DVC 3', () => {
  it('announces MD5 digests of files and of folder listings', async () => {
    const model = fixture('dvc-3/model.bin');
    const entry = { algorithm: 'md5', hex: md5(model), size: model.length };
    expect(await readDvcFile(fixture('dvc-3/model.bin.dvc'), 'model.bin.dvc')).toEqual([
      { ...entry, path: 'model.bin' },
    ]);
    const [data, ...others] = await readDvcFile(fixture('dvc-3/data.dvc'), 'data.dvc');
    expect(data).toMatchObject({ path: 'data', algorithm: 'md5', folder: true });
    expect(others).toEqual([]);
    const outs = await readDvcLock(fixture('dvc-3/dvc.lock'), 'dvc.lock');
    expect(outs).toEqual([
      { path: 'more', algorithm: 'md5', hex: expect.stringMatching(/^[0-9a-f]{32}$/), folder: true },
      { ...entry, path: 'trained.bin' },
    ]);
  });

  it('matches the files, also of folders, and no changed byte', async () => {
    const manifests = await Promise.all([
      ...['model.bin.dvc', 'text.txt.dvc', 'data.dvc'].map(async (path) => ({
        path,
        entries: await readDvcFile(fixture(`dvc-3/${path}`), path),
      })),
      readDvcLock(fixture('dvc-3/dvc.lock'), 'dvc.lock').then((entries) => ({ path: 'dvc.lock', entries })),
    ]);
    const claims = manifestClaims(manifests);
    const files = knownFiles('dvc-3');
    expect(compareClaims(claims, files).map(({ claim, outcome }) => [claim.path, outcome])).toEqual([
      ['model.bin', 'kept'],
      ['text.txt', 'kept'],
      ['data', 'kept'],
      ['more', 'kept'],
      ['trained.bin', 'kept'],
    ]);
    const outcomeOf = (changed: readonly KnownFile[]) =>
      compareClaims(claims, changed).find(({ claim }) => claim.path === 'data')?.outcome;
    for (const { path } of files.filter((one) => one.path.startsWith('data/'))) {
      const other: ReadonlyMap<'md5', string> = new Map([['md5', HEX]]);
      expect(outcomeOf(files.map((one) => (one.path === path ? { ...one, digests: other } : one)))).toBe('broken');
      expect(outcomeOf(files.filter((one) => one.path !== path))).toBe('broken');
      expect(outcomeOf(files.map((one) => (one.path === path ? { ...one, path: `${path}.` } : one)))).toBe('broken');
      expect(outcomeOf(files.map((one) => (one.path === path ? { ...one, digests: new Map() } : one)))).toBe('unknown');
      expect(outcomeOf(files.map((one) => (one.path === path ? { ...one, basis: 'claimed' } : one)))).toBe('unknown');
    }
    expect(outcomeOf(files.filter((one) => !one.path.startsWith('data/')))).toBe('missing');
  });
});

describe('a file of DVC 2', () => {
  it('announces a text-normalized MD5, for which only the size can be compared', async () => {
    const paths = ['model.bin.dvc', 'text.txt.dvc', 'data.dvc'];
    const manifests = await Promise.all(
      paths.map(async (path) => ({ path, entries: await readDvcFile(fixture(`dvc-2/${path}`), path) })),
    );
    const claims = manifestClaims(manifests);
    expect(claims.map(({ algorithm }) => algorithm)).toEqual(['md5-dos2unix', 'md5-dos2unix', 'md5-dos2unix']);
    const files = knownFiles('dvc-2');
    expect(compareClaims(claims, files).map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
    const grown = files.map((one) => (one.path === 'model.bin' ? { ...one, size: one.size + 1 } : one));
    expect(compareClaims(claims, grown).map(({ outcome }) => outcome)).toEqual(['broken', 'unknown', 'unknown']);
  });
});

describe('a DVC file', () => {
  it('names files below its working folder, and can list those of a folder', async () => {
    expect(await file(`wdir: ../x/..\nouts: []`).catch((error: Error) => error.message)).toBe(
      'names a file outside its folder',
    );
    const text = `wdir: ./sub\nouts:\n- {path: a, hash: md5, md5: ${HEX}, size: 3, unknown: key}\n- {path: b, etag: x}\n`;
    expect(await file(text)).toEqual([{ path: 'sub/a', algorithm: 'md5', hex: HEX, size: 3 }]);
    const listed = `outs:\n- path: d\n  hash: md5\n  files:\n  - {relpath: e/f, md5: ${HEX}}\n`;
    expect(await file(listed)).toEqual([{ path: 'd/e/f', algorithm: 'md5', hex: HEX }]);
  });

  it('has digests of digits, which are not parsed as YAML numbers', async () => {
    const digits = '12345678901234567890123456789012';
    expect((await file(`outs: [{path: 1e3, md5: ${digits}, hash: md5}]`))[0]).toMatchObject({
      path: '1e3',
      hex: digits,
    });
  });

  it.each<[string, string, RegExp]>([
    ['has a path with "../"', `outs: [{path: ../x, md5: ${HEX}}]`, /names a file outside its folder/],
    ['has an absolute path', `outs: [{path: /etc/passwd, md5: ${HEX}}]`, /not below the manifest/],
    ['names a cloud location', `outs: [{path: "s3://bucket/key", md5: ${HEX}}]`, /not below the manifest/],
    ['is not YAML', 'outs: [', /is not YAML/],
    ['has an alias', `a: &a ${HEX}\nouts: [{path: x, md5: *a}]`, /has an alias/],
    ['has a repeated key', `outs: []\nouts: [{path: x, md5: ${HEX}}]`, /has a key twice/],
    ['has a key that is a list', '? [a]\n: b\nouts: []', /has a key that is not text/],
    ['has no outputs', 'deps: []', /is not a DVC file: outs/],
    ['has an invalid digest', 'outs: [{path: x, md5: zz}]', /is not a DVC file: outs\.0\.md5/],
    ['has a negative size', `outs: [{path: x, md5: ${HEX}, size: -1}]`, /is not a DVC file: outs\.0\.size/],
    ['has two documents', 'outs: []\n---\nouts: []', /is not YAML/],
    ['is nested too deeply', `outs: ${'['.repeat(50_000)}${']'.repeat(50_000)}`, /is nested too deep/],
    ['is too large', `outs: []\n#${'x'.repeat(MAX_YAML_BYTES)}`, /has more than 131072 bytes/],
  ])('is refused when it %s', async (_, text, message) => {
    await expect(file(text)).rejects.toThrow(message);
  });

  it('is accepted as a lock file of the known version', async () => {
    await expect(lock("schema: '3.0'\nstages: {}")).rejects.toThrow('is not a DVC file: schema');
    expect(await lock("schema: '2.0'\nstages: {a: {cmd: x}}")).toEqual([]);
  });

  it('throws only AssayErrors for any bytes', async () => {
    const word = fc.constantFrom(
      'outs:',
      '\n',
      '- ',
      '  ',
      'path: ',
      'md5: ',
      HEX,
      '[',
      ']',
      '{',
      '}',
      ',',
      ': ',
      '&a ',
      '*a',
      '!!map ',
      '"',
      "'",
      '? ',
      '| ',
      '--- ',
      '# ',
      '%',
      '\t',
      'a',
    );
    const text = fc.oneof(
      fc.array(word).map((words) => words.join('')),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          text.map((one) => Buffer.from(one)),
          fc.uint8Array(),
        ),
        async (bytes) => {
          for (const read of [readDvcFile, readDvcLock]) {
            await read(bytes, 'x').catch((error: unknown) => {
              if (!isAssayError(error)) throw error;
              expect(['malformed', 'limit']).toContain(error.code);
            });
          }
        },
      ),
      { numRuns: 250 },
    );
  });

  it('is refused at its maximum size when it is not YAML', async () => {
    const size = MAX_YAML_BYTES - 100;
    const worst = ['"', '? ', 'a: 1\n', 'a: b: c\n'];
    for (const unit of worst) {
      await expect(file(unit.repeat(size / unit.length))).rejects.toThrow();
    }
  });
});
