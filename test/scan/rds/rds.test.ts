import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { newFacts, readRds } from '../../../src/formats/rds/index.ts';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { fixtureFiles, scanBytes } from '../../support/scan-bytes.ts';
import { scanDeep } from '../../support/scan-deep.ts';

const OBJECTS = fixtureFiles('fixtures/rds');
const named = (prefix: string) => [...OBJECTS.keys()].filter((name) => name.startsWith(prefix));
const bytesOf = (name: string) => OBJECTS.get(name) ?? new Uint8Array();

const word = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeInt32BE(value | 0, 4 * at);
  return bytes;
};
const HEAD = Buffer.concat([Buffer.from('X\n'), word(2, 0x40202, 0x20300)]);
const NIL = word(254);
const UNBOUND = word(252);
const text = (value: string) => Buffer.concat([word(0x40009, value.length), Buffer.from(value)]);
const symbol = (value: string) => Buffer.concat([word(1), text(value)]);
const call = Buffer.concat([word(6), symbol('system'), word(2), word(0x10), word(1), text('id'), NIL]);
const object = (...parts: readonly Uint8Array[]) => Buffer.concat([HEAD, ...parts]);
const promise = (value: Uint8Array, code: Uint8Array, flags = 5) => Buffer.concat([word(flags), value, code]);
/** A list of one element. */
const list = (item: Uint8Array) => Buffer.concat([word(19, 1), item]);
const altrep = (owner: string, name: string, state: Uint8Array) =>
  Buffer.concat([word(238), word(2), symbol(name), word(2), symbol(owner), word(2), word(13, 1, 13), NIL, state, NIL]);

async function scan(bytes: Uint8Array) {
  const { verdict, context, format } = await scanBytes(bytes, 'm.rds', SCANNERS);
  return { verdict, rules: [...new Set(context.ruleIds())].sort(), format: format.id };
}

describe('an object that R saved', () => {
  it.each(named('data-'))('of data alone is clean: %s', async (name) => {
    const found = await scanDeep(bytesOf(name), name);
    expect(found.verdict, found.messages.join()).toBe('clean');
  });

  it.each(named('code-'))('with more than data is suspicious: %s', async (name) => {
    expect((await scanDeep(bytesOf(name), name)).verdict).toBe('suspicious');
  });

  it.each([
    ['hostile-promise.rds', 'rds.promise'],
    ['hostile-binding.rds', 'rds.active-binding'],
  ])('that acts is malicious: %s', async (name, rule) => {
    const found = await scanDeep(bytesOf(name), name);
    expect(found.verdict).toBe('malicious');
    expect(found.ruleIds).toContain(rule);
  });
});

describe('an R object made by hand', () => {
  it.each([
    ['a vector', object(word(13, 2, 7, 8)), 'clean', []],
    ['a list in a list', object(list(list(NIL))), 'clean', []],
    [
      'a sequence',
      object(altrep('base', 'compact_intseq', Buffer.concat([word(14, 3), Buffer.alloc(24)]))),
      'clean',
      [],
    ],
    ['a promise with code', object(promise(UNBOUND, call)), 'malicious', ['rds.code', 'rds.promise', 'rds.reference']],
    [
      'a promise with code and an environment',
      object(promise(word(253), Buffer.concat([UNBOUND, call]), 0x405)),
      'malicious',
      ['rds.code', 'rds.promise', 'rds.reference'],
    ],
    [
      'a promise with code in an attribute',
      object(word(0x20d, 0), Buffer.concat([word(0x402), symbol('names'), promise(UNBOUND, call), NIL])),
      'malicious',
      ['rds.code', 'rds.promise', 'rds.reference'],
    ],
    [
      'a promise with code in a text',
      object(word(0x209, 0), promise(UNBOUND, call)),
      'malicious',
      ['rds.code', 'rds.promise', 'rds.reference'],
    ],
    ['a promise with a value', object(promise(word(13, 1, 1), call)), 'suspicious', ['rds.code']],
    [
      'a promise of a promise',
      object(promise(UNBOUND, promise(UNBOUND, call))),
      'malicious',
      ['rds.code', 'rds.promise', 'rds.reference'],
    ],
    [
      'a promise within the class of a sequence',
      object(altrep('base', 'compact_intseq', promise(UNBOUND, call))),
      'malicious',
      ['rds.code', 'rds.promise', 'rds.reference'],
    ],
    ['a file as a vector', object(altrep('base', 'mmap_integer', list(NIL))), 'malicious', ['rds.mapped-file']],
    [
      'a vector of a class of a package',
      object(altrep('arrow', 'array_string_vector', NIL)),
      'suspicious',
      ['rds.reference'],
    ],
    ['a class of R in another package', object(altrep('evil', 'compact_intseq', NIL)), 'suspicious', ['rds.reference']],
    ['a pointer', object(word(22), NIL, NIL), 'suspicious', ['rds.reference']],
    ['a weak reference', object(word(23)), 'suspicious', ['rds.reference']],
    ['a name for a hook', object(word(247, 0, 1), text('x')), 'suspicious', ['rds.reference']],
    ['a function of the interpreter', object(word(8, 6), Buffer.from('system')), 'suspicious', ['rds.code']],
    ['a length that is larger than the file', object(word(13, 1_000_000)), 'suspicious', ['rds.structure']],
    ['a long length that is larger than the file', object(word(13, -1, 1, 0)), 'suspicious', ['rds.structure']],
    ['a negative length', object(word(13, -7)), 'suspicious', ['rds.structure']],
    ['more texts than bytes', object(word(16, 1_000_000)), 'suspicious', ['rds.structure']],
    ['more elements than bytes', object(word(19, 1_000_000)), 'suspicious', ['rds.structure']],
    ['a reference to nothing', object(word(0x1ff)), 'suspicious', ['rds.structure']],
    ['a type that does not exist', object(word(77)), 'suspicious', ['rds.structure']],
    ['nil in the place of a text', object(word(16, 1), NIL), 'suspicious', ['rds.structure']],
    ['the start of an object', object(word(19, 1)), 'suspicious', ['rds.structure']],
  ] as const)('with %s', async (_, bytes, verdict, rules) => {
    const found = await scan(bytes);
    expect(found).toEqual({ verdict, rules: [...rules], format: 'rds' });
  });

  it('with bytes behind it is not clean', async () => {
    const found = await scan(object(NIL, Buffer.from('rest')));
    expect(found.rules).toEqual(['rds.structure']);
    expect(found.verdict).not.toBe('clean');
  });

  it('nested without an end stops at a limit', async () => {
    const { verdict } = await scan(object(...Array.from({ length: 5_000 }, () => word(19, 1)), NIL));
    expect(verdict).toBe('unknown');
  });

  it.each([
    'A\n2\n262658\n131840\n254\n',
    'A\n  2 262658 131840 254',
    'A\n+02\t262658 131840\n254',
    'RDA2\nA\n 2\n262658\n131840\n254\n',
  ])('as text is recognised however its numbers are spaced: %j', async (value) => {
    expect(await scan(Buffer.from(value))).toMatchObject({ format: 'rds', verdict: 'clean' });
  });

  it('as text with a promise is malicious', async () => {
    const value = 'A\n2\n262658\n131840\n5\n252\n6\n1\n262153\n6\nsystem\n254\n';
    expect((await scan(Buffer.from(value))).verdict).toBe('malicious');
  });
});

describe('the reader of R objects', () => {
  const plain = named('').map((name) => {
    const bytes = Buffer.from(bytesOf(name));
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  });
  const readable = plain.filter((bytes) => /^(?:RD|[XBA]\n)/.test(bytes.toString('latin1', 0, 4)));

  async function outcome(bytes: Uint8Array): Promise<string> {
    const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
    try {
      const end = await readRds(new MemorySource(bytes, 'm.rds'), newFacts(), budget);
      return end === bytes.length ? 'whole' : 'rest';
    } catch (error) {
      expect(isContentError(error), String(error)).toBe(true);
      return 'refused';
    } finally {
      expect(budget.held).toBe(0);
    }
  }

  it('reads every file of R to its end', async () => {
    expect(readable.length).toBeGreaterThan(18);
    for (const bytes of readable) expect(await outcome(bytes)).toBe('whole');
  });

  it('throws nothing but errors of the content, whatever bytes are changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...readable), fc.nat(), fc.nat(255), async (bytes, at, byte) => {
        const changed = Uint8Array.from(bytes);
        changed[7 + (at % (bytes.length - 7))] = byte;
        await outcome(changed);
      }),
      { numRuns: 600 },
    );
  });

  it('does not take a file that is cut off for a whole one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...readable.filter((bytes) => bytes[0] === 0x58)),
        fc.nat(),
        async (bytes, at) => {
          expect(await outcome(bytes.subarray(0, at % bytes.length))).toBe('refused');
        },
      ),
      { numRuns: 200 },
    );
  });
});
