import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { reproPickle } from '../../../src/formats/pickle/inspect/index.ts';
import { layoutAt } from '../../../src/formats/pickle/opcodes.ts';
import { scanSource } from '../../../src/pipeline/file-scan.ts';
import { listedGlobals } from '../../../src/scan/lists/allowlists.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';

const PROBES = new URL('../../../fixtures/pickle-probes', import.meta.url).pathname;
const pickles = readdirSync(PROBES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.pkl') && !path.startsWith('dos-'))
  .sort();
const words = new Set([...listedGlobals().values()].flatMap(({ module, name }) => [module, name]));

/** Rules that only another reading of a text operand triggers: the text is private, so the copy does not contain it. */
const LOST: Readonly<Record<string, { rule: string; verdict: string }>> = {
  'st-frame-straddle/a.pkl': { rule: 'pickle.global.dangerous', verdict: 'suspicious' },
};

function repro(bytes: Uint8Array): Promise<Uint8Array> {
  return reproPickle(new MemorySource(bytes, 'probe'), {
    limits: DEFAULT_LIMITS,
    keepText: (text) => words.has(text),
  });
}

async function judge(bytes: Uint8Array) {
  const { verdict, findings, imports } = await scanSource(new MemorySource(bytes, 'model.pkl'), {
    path: 'model.pkl',
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(),
    distance: 'near',
    onNames: () => undefined,
  });
  return { verdict, imports, rules: [...new Set(findings.map(({ ruleId }) => ruleId))].sort() };
}

/** Texts and bytes of 16 or more bytes in operands, except the names of globals. */
function carried(bytes: Uint8Array, imports: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const layout = layoutAt(bytes, at);
    if (layout.kind !== 'whole') break;
    if (layout.opcode.text || layout.opcode.operand.startsWith('bytes-'))
      found.push(Buffer.from(bytes.subarray(layout.operand, layout.end)).toString('latin1').trim());
    at = layout.end;
  }
  const isName = (text: string) => words.has(text) || imports.some((name) => name.includes(text));
  return found.filter((text) => text.length >= 16 && !/^\0+$/.test(text) && !isName(text));
}

describe('a repro of a pickle', () => {
  it('is made from many probes', () => {
    expect(pickles.length).toBeGreaterThan(80);
  });

  it.each(pickles)('%s has the verdict of the original', async (path) => {
    const original = readFileSync(join(PROBES, path));
    const copy = await repro(original);
    const [before, after] = [await judge(original), await judge(copy)];
    expect(after.rules).toEqual(before.rules.filter((rule) => LOST[path]?.rule !== rule));
    expect(after.verdict).toBe(LOST[path]?.verdict ?? before.verdict);
    // Names after the end of the stream are not in the repro.
    if (!before.rules.includes('pickle.trailing-data') && LOST[path] === undefined)
      expect(after.imports).toEqual(before.imports);
    const told = Buffer.from(copy).toString('latin1');
    for (const text of carried(original, before.imports)) expect(told.includes(text), text).toBe(false);
  });

  it('preserves offsets', async () => {
    const original = Buffer.from(
      "\x80\x04\x8c\x05helloX\x03\x00\x00\x00abcVline\nS'quoted'\nC\x04\x01\x02\x03\x04G\x3f\xf0\x00\x00\x00\x00\x00\x00F1.5\nK\x07(t.",
      'latin1',
    );
    const copy = Buffer.from(await repro(original));
    expect(copy.toString('latin1')).toBe(
      "\x80\x04\x8c\x05xxxxxX\x03\x00\x00\x00xxxVxxxx\nS'xxxxxx'\nC\x04\x00\x00\x00\x00G\x00\x00\x00\x00\x00\x00\x00\x00F000\nK\x07(t.",
    );
  });

  it('keeps imported and listed names', async () => {
    const original = Buffer.from(
      '\x80\x04\x8c\x06my_mod\x8c\x07MyClass\x93\x8c\x0bOrderedDict\x8c\x06secret\x87.',
      'latin1',
    );
    const copy = Buffer.from(await repro(original)).toString('latin1');
    expect(copy).toContain('my_mod');
    expect(copy).toContain('MyClass');
    expect(copy).toContain('OrderedDict');
    expect(copy).not.toContain('secret');
  });

  it('omits trailing data', async () => {
    const copy = Buffer.from(await repro(Buffer.from('\x80\x04K\x01.trailing secret', 'latin1')));
    expect(copy.toString('latin1')).not.toContain('secret');
  });

  it('zeros the elements of arrays', async () => {
    const original = readFileSync(join(PROBES, 'ok-joblib', 'm.joblib'));
    const copy = await repro(original);
    expect(copy.length).toBe(original.length);
    expect(await judge(copy)).toEqual(await judge(original));
    const zeros = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0);
    expect(zeros(copy)).toBeGreaterThan(zeros(original));
  });
});
