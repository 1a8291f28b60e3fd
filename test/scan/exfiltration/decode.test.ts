import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodings,
  fromBase32,
  fromBase85,
  inflated,
  MAX_DECODED,
} from '../../../src/scan/exfiltration/detect/decode.ts';
import { searchBytes } from '../../support/search-bytes.ts';
import { ENCODINGS } from '../../support/theft.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one));
const written = (name: string, value: Buffer) => ENCODINGS[name]?.(value) ?? '';

describe('decoding', () => {
  it('gives what was encoded', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromBase32(written('base32', value))).toEqual(value);
        expect(fromBase85(written('base85', value))).toEqual(value);
        const hex = decodings(value.toString('hex')).find(({ name }) => name === 'hexadecimal');
        if (value.length > 0) expect(hex?.bytes).toEqual(value);
        expect(inflated(gzipSync(value))?.bytes).toEqual(value);
        expect(inflated(deflateSync(value))?.bytes).toEqual(value);
      }),
    );
  });

  it('gives what a stream that breaks off holds, and no more than its bound', () => {
    const value = Buffer.from('word '.repeat(2_000));
    const half = inflated(gzipSync(value).subarray(0, 40));
    expect(value.subarray(0, half?.bytes.length).equals(half?.bytes ?? Buffer.from('x'))).toBe(true);
    expect(inflated(deflateSync(Buffer.alloc(MAX_DECODED + 1)))).toBeUndefined();
  });

  it('of any text throws nothing', async () => {
    const part = fc.oneof(
      bytes.map((value) => value.toString('base64')),
      bytes.map((value) => deflateSync(value).toString('base64')),
      bytes.map((value) => written('base85', value)),
      bytes.map((value) => value.toString('hex')),
      fc.string({ maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 8 }),
        fc.constantFrom('a.txt', 'a.json', 'a.bin'),
        async (parts, file) => {
          for (const { rule } of await searchBytes(parts.join(' '), file)) expect(rule.verdict).toBe('none');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('encoded data that is not a program', () => {
  const random = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7919 + (i >> 3) * 104_729) & 0xff));
  it.each([
    ['an image', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), random])],
    ['noise', random],
    ['prose', Buffer.from('The quick brown fox jumps over the lazy dog, and every dog has its day. '.repeat(8))],
    ['JSON', Buffer.from(JSON.stringify({ model_type: 'bert', layers: 12, url: 'https://huggingface.co/acme/m' }))],
    ['a pickle of data', Buffer.from('\x80\x04]\x94(K\x01K\x02K\x03e.'.padEnd(40, ' '), 'latin1')],
  ])('%s is not reported', async (_, value) => {
    for (const encode of Object.values(ENCODINGS))
      expect(await searchBytes(`{"a": ${JSON.stringify(encode(value))}}`, 'a.json')).toEqual([]);
  });
});
