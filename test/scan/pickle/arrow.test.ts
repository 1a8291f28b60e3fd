import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pickleScanner } from '../../../src/scan/pickle/scan-pickle.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const FOLDER = 'fixtures/benign/pandas/3.1.1';

/** A real file with some bytes replaced by as many others. */
function edited(file: string, from: string, to: string): Uint8Array {
  const text = readFileSync(`${FOLDER}/${file}`).toString('latin1');
  expect(text.split(from).length, file).toBe(2);
  expect(to.length).toBe(from.length);
  return Buffer.from(text.replace(from, to), 'latin1');
}

async function scanned(bytes: Uint8Array) {
  const { verdict, context } = await scanBytes(bytes, 'model.pkl', [pickleScanner]);
  return [verdict, ...context.ruleIds()];
}

const zeros = (count: number) => '\0'.repeat(count);
/** The offsets of strings, in eight bytes each. */
const at = (...offsets: number[]) => offsets.map((offset) => String.fromCharCode(offset) + zeros(7)).join('');

describe('pandas strings in Arrow arrays', () => {
  it.each(
    ['series', 'frame', 'sliced', 'empty', 'numbers'].flatMap((name) => [
      `${name}.p2.pkl`,
      `${name}.p4.pkl`,
      `${name}.p5.pkl`,
      `${name}.joblib`,
    ]),
  )('are clean as pandas writes them: %s', async (file) => {
    expect(await scanned(readFileSync(`${FOLDER}/arrow-${file}`))).toEqual(['clean']);
  });

  // 'a', null, 'bé': from 0 to 1, to 1, to 4.
  it.each<[string, string, string, string]>([
    ['an offset beyond the values', 'arrow-series.p4.pkl', at(0, 1, 1, 4), at(0, 1, 1, 5)],
    ['a decreasing offset', 'arrow-series.p5.pkl', at(0, 1, 1, 4), at(0, 3, 1, 4)],
    ['an offset that uses eight bytes', 'arrow-series.p4.pkl', at(0, 1, 1, 4), `${at(0, 1, 1)}${zeros(7)}\x41`],
    ['an offset in protocol 2', 'arrow-series.p2.pkl', at(0, 1, 1, 4), at(0, 1, 1, 9)],
    ['more elements than offsets', 'arrow-series.p4.pkl', 'K\x03K\x01K\0]', 'K\x09K\x01K\0]'],
    ['a slice that begins beyond the end', 'arrow-series.p4.pkl', 'K\x03K\x01K\0]', 'K\x03K\x01K\x07]'],
  ])('are not clean with %s', async (_, file, from, to) => {
    expect(await scanned(edited(file, from, to))).toEqual(['suspicious', 'pickle.native-state']);
  });

  it('are not clean with a type that has children', async () => {
    const [verdict] = await scanned(edited('arrow-series.p4.pkl', 'large_string', 'string_viewX'));
    expect(verdict).toBe('suspicious');
  });

  it('are not clean with buffers that are not bytes of the stream', async () => {
    const bytes = edited('arrow-series.p4.pkl', '\x8c\tbytearray', '\x8c\tfrozenset');
    expect((await scanned(bytes))[0]).not.toBe('clean');
  });
});
