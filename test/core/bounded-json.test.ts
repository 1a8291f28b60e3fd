import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBoundedJson } from '../../src/core/bounded-json.ts';
import { isAssayError } from '../../src/core/errors.ts';

const bounds = { maxBytes: 1000, maxDepth: 4, maxTokens: 20 };
const parse = (text: string) => parseBoundedJson(Buffer.from(text), 'a.json', bounds);

describe('a bounded document', () => {
  test('is what JSON.parse makes of it', () => {
    const whole = { maxBytes: 1e6, maxDepth: 1000, maxTokens: 1e6 };
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseBoundedJson(Buffer.from(text), 'a.json', whole)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([
    ['a'.repeat(1001), 'limit', /more than 1000 bytes/],
    ['[[[[[1]]]]]', 'limit', /4 deep/],
    [`[${'1,'.repeat(30)}1]`, 'limit', /more than 20 values/],
    ['{"a":', 'malformed', /not JSON/],
    ['"\\', 'malformed', /not JSON/],
    ['', 'malformed', /not JSON/],
  ])('%s', (text, code, message) => {
    const error = thrown(() => parse(text));
    expect(isAssayError(error) && error.code).toBe(code);
    expect(String(error)).toMatch(message);
  });

  test('punctuation within strings does not count', () => {
    expect(parse('["[[[[[[[[{{{{{{,,,,,,,,,,,,,,,,,,,,,,,,,", "\\"[[[[[[", "\\\\"]')).toHaveLength(3);
  });

  test('bytes that are no UTF-8 are refused', () => {
    expect(() => parseBoundedJson(Uint8Array.of(0x22, 0xff, 0x22), 'a.json')).toThrow(/not UTF-8/);
  });
});

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
