import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SliceSource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { ANY_LOADER } from '../../../src/formats/pickle/loaders.ts';
import { zipScanner } from '../../../src/scan/zip/zip.ts';
import { type Built, buildZip, fixture, memory, PAYLOAD, scanWith } from '../../support/containers.ts';
import { fakeContext } from '../../support/scan-context.ts';

type Options = Parameters<typeof buildZip>[1];

async function scan(members: readonly Built[], options?: Options) {
  const bytes = buildZip(members, options);
  const context = await scanWith(zipScanner, memory(bytes));
  return {
    context,
    verdict: context.verdict(bytes.length),
    rules: context.ruleIds(),
    names: context.members.map((m) => m.name),
  };
}

const PLAIN: Built = { name: 'plain.txt', data: 'plain text' };

describe('a regular zip archive', () => {
  it.each(['stored', 'deflated', 'bzip2', 'lzma', 'zip64', 'streamed'])(
    'reads completely without a finding: %s.zip',
    async (name) => {
      const source = fixture(`containers/${name}.zip`);
      const context = await scanWith(zipScanner, source);
      expect(context.ruleIds()).toEqual([]);
      expect(context.reasons).toEqual([]);
      expect(context.verdict(source.size)).toBe('clean');
      expect(context.members.map((m) => [m.name, m.size])).toEqual([
        ['model/plain.pkl', expect.any(Number)],
        ['model/notes.txt', 124_000],
      ]);
      expect(
        Buffer.from(context.members[1]?.bytes ?? [])
          .subarray(0, 9)
          .toString(),
      ).toBe('Some text');
      expect(context.listed).toEqual(['model/plain.pkl', 'model/notes.txt', 'model/sub/']);
    },
  );

  it('has tensor storages skipped, and stored members passed on without a copy', async () => {
    const storage = { name: 'a/data/0', data: new Uint8Array(4096).fill(7) };
    const bytes = buildZip([{ name: 'a/data.pkl', data: '\x80\x02N.' }, storage, { name: 'a/version', data: '3\n' }]);
    const sources: unknown[] = [];
    const context = fakeContext({
      onMember: async (source) => {
        sources.push(source);
        return { format: 'x' };
      },
    });
    const source = memory(bytes);
    await zipScanner.scanFile(
      {
        source,
        format: { id: 'zip', title: '', extensions: [], identify: () => true },
        file: 'f',
        depth: 0,
        loaders: ANY_LOADER,
        distance: 'near',
      },
      context,
    );
    expect(context.format).toBe('torch-zip');
    expect(sources[0]).toBeInstanceOf(SliceSource);
    expect(context.members.map((m) => [m.name, m.options?.within])).toEqual([
      ['a/data.pkl', 'torch'],
      ['a/version', 'torch'],
    ]);
    const opaque = context.coverage.ranges().filter((range) => range.kind === 'opaque');
    expect(opaque).toMatchObject([{ why: expect.stringContaining('raw tensor storage') }]);
    expect(context.verdict(bytes.length)).toBe('clean');
  });

  it.each([
    ['npz', ['a.npy', 'b.npy'], []],
    ['keras', ['config.json', 'metadata.json', 'model.weights.h5'], []],
    ['skops', ['schema.json', '1.npy'], []],
    ['h2o-mojo', ['model.ini', 'domains/d000.txt'], []],
    ['torchscript', ['m/data.pkl', 'm/constants.pkl', 'm/code/__torch__.py'], []],
    ['torch-package', ['p/.data/extern_modules', 'p/.data/version', 'p/m.pkl'], []],
    ['pt2', ['e/archive_format', 'e/archive_version', 'e/data/weights/weight_0'], []],
  ])('is identified as %s by its members', async (format, names, checks) => {
    const { context } = await scan(names.map((name) => ({ name, data: 'x = 1' })));
    expect(context.format).toBe(format);
    expect(context.checks.map((check) => check.id)).toEqual(checks);
  });
});

describe('an irregular zip archive', () => {
  const cases: readonly (readonly [string, readonly Built[], Options | undefined, string, string])[] = [
    [
      'two members of the same name',
      [PLAIN, { ...PLAIN, data: 'other' }],
      undefined,
      'zip.duplicate-member',
      'suspicious',
    ],
    [
      'another name in the local header',
      [{ ...PLAIN, local: { name: 'other.txt' } }],
      undefined,
      'zip.header-mismatch',
      'suspicious',
    ],
    [
      'another size in the local header',
      [{ ...PLAIN, local: { size: 3 } }],
      undefined,
      'zip.header-mismatch',
      'suspicious',
    ],
    [
      'another method in the local header',
      [{ ...PLAIN, local: { method: 8 } }],
      undefined,
      'zip.header-mismatch',
      'unknown',
    ],
    [
      'a wrong checksum',
      [{ ...PLAIN, local: { crc: 1 }, central: { crc: 1 } }],
      undefined,
      'zip.crc-mismatch',
      'suspicious',
    ],
    [
      'a false length',
      [{ ...PLAIN, method: 8, local: { size: 9999 }, central: { size: 9999 } }],
      undefined,
      'zip.header-mismatch',
      'suspicious',
    ],
    ['leading bytes', [PLAIN], { prefix: Buffer.from('#!/bin/sh\nexit\n') }, 'zip.prefix', 'suspicious'],
    ['trailing bytes', [PLAIN], { suffix: Buffer.from('behind') }, 'zip.suffix', 'suspicious'],
    ['trailing zeros', [PLAIN], { suffix: Buffer.alloc(70_000) }, 'zip.suffix', 'suspicious'],
    [
      'bytes between members',
      [
        { ...PLAIN, after: Buffer.from('hidden here') },
        { ...PLAIN, name: 'b' },
      ],
      undefined,
      'zip.hidden-data',
      'suspicious',
    ],
    ['a name with "../"', [{ ...PLAIN, name: '../../etc/cron.d/x' }], undefined, 'zip.path-traversal', 'malicious'],
    ['an absolute name', [{ ...PLAIN, name: '/etc/passwd' }], undefined, 'zip.path-traversal', 'malicious'],
    ['a drive letter', [{ ...PLAIN, name: 'C:\\x.bat' }], undefined, 'zip.path-traversal', 'malicious'],
    [
      'a name with "../" in the local header',
      [{ ...PLAIN, local: { name: '..\\..\\x' } }],
      undefined,
      'zip.path-traversal',
      'malicious',
    ],
    [
      'a link out of the archive',
      [{ ...PLAIN, data: '../../secret', mode: 0o120777 }],
      undefined,
      'zip.path-traversal',
      'malicious',
    ],
    [
      'a link within the archive',
      [{ ...PLAIN, data: 'other.txt', mode: 0o120777 }],
      undefined,
      'zip.symlink',
      'suspicious',
    ],
    ['a name with a NUL', [{ ...PLAIN, name: 'a.txt\0.pkl' }], undefined, 'zip.odd-name', 'suspicious'],
    [
      'bytes after a deflate stream',
      [{ ...PLAIN, method: 8, stored: Buffer.concat([deflateRawSync('plain text'), Buffer.from('more')]) }],
      undefined,
      'zip.trailing-in-member',
      'suspicious',
    ],
    ['an unknown method', [{ ...PLAIN, local: { method: 77 }, central: { method: 77 } }], undefined, '', 'unknown'],
    [
      'a member beyond the end',
      [{ ...PLAIN, central: { compressed: 5_000_000 } }],
      undefined,
      'zip.header-mismatch',
      'unknown',
    ],
    [
      'encrypted data',
      [{ ...PLAIN, stored: Buffer.from('\x01\x02garbage!'), local: { flags: 1 }, central: { flags: 1 } }],
      undefined,
      'zip.encrypted-member',
      'unknown',
    ],
  ];

  it.each(cases)('gets the expected rule and verdict for %s', async (_what, members, options, rule, verdict) => {
    const result = await scan(members, options);
    if (rule !== '') expect(result.rules).toContain(rule);
    expect(result.verdict).toBe(verdict);
    expect(result.names.length).toBeGreaterThanOrEqual(verdict === 'unknown' ? 0 : 1);
  });

  it('has every copy of a name scanned, and members missing from the directory', async () => {
    const { context, rules } = await scan([
      { name: 'data.pkl', data: PAYLOAD },
      { name: 'data.pkl', data: 'second' },
      { name: 'left-out.pkl', data: PAYLOAD, unlisted: true },
    ]);
    expect(context.members.map((m) => [m.name, m.size])).toEqual([
      ['data.pkl', 24],
      ['data.pkl', 6],
      ['left-out.pkl', 24],
    ]);
    expect(rules).toEqual(expect.arrayContaining(['zip.duplicate-member', 'zip.unlisted-member']));
  });

  it('has a pickle scanned before, after and between its members', async () => {
    const { names } = await scan(
      [
        { ...PLAIN, after: PAYLOAD },
        { ...PLAIN, name: 'b' },
      ],
      { prefix: PAYLOAD, suffix: PAYLOAD },
    );
    expect(names).toEqual(['plain.txt', 'b', '(prefix)', expect.stringContaining('gap'), '(suffix)']);
  });

  it('has a member read that is only marked as encrypted', async () => {
    const marked = { local: { flags: 1 }, central: { flags: 1 } };
    const { names, verdict } = await scan([{ name: 'data.pkl', data: PAYLOAD, ...marked }]);
    expect(names).toEqual(['data.pkl']);
    expect(verdict).toBe('suspicious');
  });

  it('has a storage scanned that is a pickle, and not one that only begins like it', async () => {
    const torch = [
      { name: 'data.pkl', data: '\x80\x02N.' },
      { name: 'version', data: '3' },
    ];
    const numbers = Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(100, 0xfe)]);
    const honest = await scan([...torch, { name: 'data/0', data: numbers }]);
    expect(honest.verdict).toBe('clean');
    const lying = await scan([...torch, { name: 'data/0', data: PAYLOAD }]);
    expect(lying.rules).toEqual(['zip.storage-not-raw']);
    expect(lying.names).toContain('data/0');
  });

  it('is unknown without a directory, and its members are scanned', async () => {
    const whole = buildZip([{ name: 'data.pkl', data: PAYLOAD }]);
    const cut = whole.subarray(0, whole.length - 30);
    const context = await scanWith(zipScanner, memory(cut));
    expect(context.members.map((m) => m.name)).toEqual(['data.pkl']);
    expect(context.verdict(cut.length)).toBe('unknown');
  });

  it('is not clean with two directories', async () => {
    const inner = buildZip([PLAIN]);
    const outer = buildZip([PLAIN], { comment: '' });
    const both = Buffer.concat([outer, inner]);
    const context = await scanWith(zipScanner, memory(both));
    expect(context.members.length).toBeGreaterThanOrEqual(2);
    expect(context.verdict(both.length)).not.toBe('clean');
  });
});

describe('a decompression bomb', () => {
  it('of thousands of overlapping members has few of them expanded', async () => {
    const kernel = deflateRawSync(Buffer.alloc(20_000_000));
    const first: Built = {
      name: 'a0',
      data: Buffer.alloc(0),
      method: 8,
      stored: kernel,
      local: { size: 2e7 },
      central: { size: 2e7 },
    };
    const more = Array.from(
      { length: 5000 },
      (_, i): Built => ({
        ...first,
        name: `a${i + 1}`,
        stored: Buffer.alloc(0),
        offset: 0,
        central: { size: 2e7, compressed: kernel.length + i + 1 },
      }),
    );
    const { rules, verdict, context } = await scan([first, ...more]);
    expect(rules).toContain('zip.overlapping-members');
    expect(verdict).toBe('unknown');
    expect(context.members.length).toBeLessThan(60);
    // Twenty million bytes each.
    expect(context.limits.maxExpandedBytes - context.budget.remaining).toBeLessThan(60 * 2e7);
  });

  it('with too many members stops at the limit', async () => {
    const bytes = buildZip(Array.from({ length: 200 }, (_, i) => ({ ...PLAIN, name: `m${i}` })));
    const context = await scanWith(zipScanner, memory(bytes), { limits: { maxMembers: 100 } });
    expect(context.reasons.join()).toContain('maxMembers');
  });

  it('with too many bytes stops at the limit', async () => {
    const members = Array.from({ length: 8 }, (_, i) => ({
      name: `z${i}`,
      data: new Uint8Array(3_000_000),
      method: 8,
    }));
    const context = await scanWith(zipScanner, memory(buildZip(members)), { limits: { maxExpandedBytes: 10_000_000 } });
    expect(context.reasons.join()).toContain('maxExpandedBytes');
    expect(context.budget.remaining).toBeGreaterThanOrEqual(0);
  });
});

it('a far storage is not read, and no storage is read twice', async () => {
  const storage = { name: 'data/0', data: new Uint8Array(8_000_000).fill(3) };
  const bytes = buildZip([{ name: 'data.pkl', data: '\x80\x02N.' }, { name: 'version', data: '3' }, storage]);
  const source = memory(bytes);
  let read = 0;
  const counting = {
    name: 'far',
    size: source.size,
    readNow: () => undefined,
    unchanged: async () => true,
    close: async () => {},
    read: async (at: number, length: number) => {
      read += length;
      return source.readNow(at, length);
    },
  };
  const context = await scanWith(zipScanner, counting, { distance: 'far' });
  expect(context.verdict(bytes.length)).toBe('clean');
  expect(read).toBeLessThan(100_000);
  read = 0;
  await scanWith(zipScanner, counting, { distance: 'near' });
  expect(read).toBeLessThan(bytes.length + 100_000);
});

it('a changed zip gives only content errors', async () => {
  const seeds = ['deflated', 'zip64', 'streamed'].map((name) => {
    const source = fixture(`containers/${name}.zip`);
    return source.readNow(0, source.size);
  });
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...seeds), edits, fc.nat(), async (seed, changes, cut) => {
      const bytes = Buffer.from(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const source = memory(bytes.subarray(0, cut % 4 === 0 ? cut % bytes.length : bytes.length));
      const context = fakeContext();
      const format = { id: 'zip', title: 'zip', extensions: [], identify: () => true };
      await zipScanner
        .scanFile({ source, format, file: 'f', depth: 0, loaders: ANY_LOADER, distance: 'near' }, context)
        .catch((error: unknown) => expect(isContentError(error), String(error)).toBe(true));
    }),
    { numRuns: 1000 },
  );
});
