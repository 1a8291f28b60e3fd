import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/formats/list.ts';
import { UNMARKED_PICKLE } from '../../src/formats/pickle/format.ts';
import { judgeExtension } from '../../src/scan/extension.ts';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { fixtureFiles, scanBytes } from '../support/scan-bytes.ts';

const files = fixtureFiles('fixtures/formats');

/** All other fixtures are clean. */
const NOT_CLEAN: Readonly<Record<string, string>> = {
  'data.sqlite': 'not-assessed',
  'events.out.tfevents.1': 'not-assessed',
  'flax.msgpack': 'clean',
  'latest.h5': 'clean',
  'old.h5': 'clean',
  'pointer.safetensors': 'unknown',
  'user-block.h5': 'suspicious',
};

describe('the scan of known files', () => {
  it.each([...files.keys()])('gives the expected verdict for %s', async (path) => {
    const bytes = files.get(path) ?? new Uint8Array(0);
    const { verdict, context, format } = await scanBytes(bytes, path, SCANNERS);
    expect(verdict, [...context.reasons, ...context.ruleIds()].join()).toBe(NOT_CLEAN[path] ?? 'clean');
    expect(judgeExtension(path, format)).toBeUndefined();
  });

  it('gives unknown for bytes of no known format', async () => {
    const { verdict, context } = await scanBytes(
      Uint8Array.from([0xef, 0xf0, 0x9a, 0x13, 0x88, 0x77, 1, 2]),
      'x.bin',
      SCANNERS,
    );
    expect([verdict, context.reasons]).toEqual(['unknown', ['the format is not recognised']]);
  });
});

describe('the list of scanners', () => {
  it('has a scanner for every format, and each rule once', () => {
    const scanned = new Set(SCANNERS.flatMap(({ formats }) => formats));
    expect(FORMATS.map(({ id }) => id).filter((id) => !scanned.has(id))).toEqual([]);
    const rules = SCANNERS.flatMap((scanner) => scanner.rules.map(({ id }) => id));
    expect(rules.filter((id, i) => rules.indexOf(id) !== i)).toEqual([]);
  });

  it('has each format once', () => {
    // A pickle has two formats: by its signature, and further down the list by running it.
    const ids = FORMATS.filter((format) => format !== UNMARKED_PICKLE).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('judgeExtension', () => {
  it.each([
    ['model.safetensors', 'pickle', 'format.extension-lies'],
    ['notes.txt', 'elf', 'format.extension-lies'],
    ['photo.png', 'jpeg', 'format.extension-differs'],
    ['photo.png', 'html', 'format.extension-lies'],
  ])('reports for %s, which is %s: %s', (path, id, rule) => {
    const format = FORMATS.find((candidate) => candidate.id === id);
    expect(format && judgeExtension(path, format)?.rule.id).toBe(rule);
  });
});
