import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBoundedJson, parseSignedJson } from '../../src/core/bounded-json.ts';
import { isAssayError } from '../../src/core/errors.ts';

const bounds = { maxBytes: 1000, maxDepth: 4, maxTokens: 20 };
const parse = (text: string) => parseBoundedJson(Buffer.from(text), 'a.json', bounds);

describe('a bounded JSON document', () => {
  test('equals the result of JSON.parse', () => {
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
  ])('is refused beyond its limits or when it is malformed: %s', (text, code, message) => {
    const error = thrown(() => parse(text));
    expect(isAssayError(error) && error.code).toBe(code);
    expect(String(error)).toMatch(message);
  });

  test('may contain any punctuation in strings', () => {
    expect(parse('["[[[[[[[[{{{{{{,,,,,,,,,,,,,,,,,,,,,,,,,", "\\"[[[[[[", "\\\\"]')).toHaveLength(3);
  });

  test('is refused when it is not UTF-8', () => {
    expect(() => parseBoundedJson(Uint8Array.of(0x22, 0xff, 0x22), 'a.json')).toThrow(/not UTF-8/);
  });
});

describe('a signed document', () => {
  const signed = (text: string) => parseSignedJson(Buffer.from(text), 'a.json');

  test.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"":1, "" :2}', ''],
    ['[{"b":{"x":[{"k":1 , "j":"k:","k" : {}}]}}]', 'k'],
    ['\ufeff{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"\\"":1,"\\"":2}', '"'],
    ['{"\ud83d\ude00":1,"\\ud83d\\ude00":2}', '\ud83d\ude00'],
  ])('is refused when it repeats a property: %s', (text, key) => {
    const error = thrown(() => signed(text));
    expect(isAssayError(error) && error.code).toBe('malformed');
    expect(String(error)).toContain(`names ${JSON.stringify(key)} twice in one object`);
  });

  test.each(['{"a":{"a":[{"a":1},{"a":2}]},"b":":","A":"a"}', '[":","a:","a:"]', '"a"', '{"a":"\\"a\\":","b":1}'])(
    'is accepted when each object names a property once: %s',
    (text) => expect(signed(text)).toEqual(JSON.parse(text)),
  );

  test('preserves every property', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(signed(text)).toEqual(JSON.parse(text));
      }),
    );
    const pairs = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.integer()), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(pairs, (written) => {
        const text = `{${written.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
        const isUnique = new Set(written.map(([key]) => key)).size === written.length;
        expect(thrown(() => signed(text)) === undefined).toBe(isUnique);
      }),
    );
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
