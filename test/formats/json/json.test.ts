import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../../src/core/errors.ts';
import { type JsonEvents, type JsonOptions, JsonWalker } from '../../../src/formats/json/json.ts';

/** Builds the value of JSON.parse, where the last key wins, from the walker's events. */
function parse(pieces: readonly Uint8Array[], options: JsonOptions = {}): unknown {
  const stack: { holder: unknown[] | Map<string, unknown>; key: string }[] = [{ holder: [], key: '' }];
  const put = (value: unknown) => {
    const top = stack.at(-1);
    if (top?.holder instanceof Map) top.holder.set(top.key, value);
    else top?.holder.push(value);
  };
  const events: JsonEvents = {
    open: (kind) => {
      const holder = kind === 'array' ? [] : new Map<string, unknown>();
      put(holder);
      stack.push({ holder, key: '' });
    },
    close: () => void stack.pop(),
    key: (name) => {
      const top = stack.at(-1);
      if (top !== undefined) top.key = name;
    },
    scalar: (kind, { text }) => put(kind === 'string' ? text : JSON.parse(text)),
  };
  const walker = new JsonWalker(events, options);
  for (const piece of pieces) walker.feed(piece);
  walker.end();
  const values = stack[0]?.holder;
  return Array.isArray(values) ? plain(values[0]) : undefined;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)])) : value;
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || isContentError(error)) return false;
    throw error;
  }
}

describe('JsonWalker', () => {
  it('gives the value of JSON.parse for any split of the bytes', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
        expect(parse(split(Buffer.from(text), cuts))).toEqual(JSON.parse(Buffer.from(text).toString()));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts exactly what JSON.parse accepts', () => {
    const letters = fc.constantFrom(
      ...'{}[]:,"\\ue0123456789+-.Enultrafs \n\t'.split(''),
      'true',
      'null',
      '"a"',
      '\u00e9',
      '\u0001',
    );
    const text = fc.oneof(
      fc.array(letters, { maxLength: 24 }).map((parts) => parts.join('')),
      fc
        .tuple(fc.json(), fc.nat(), letters)
        .map(([json, at, put]) => json.slice(0, at % (json.length + 1)) + put + json.slice(at % (json.length + 1))),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        expect(accepts(() => parse([Buffer.from(candidate)]))).toBe(accepts(() => JSON.parse(candidate)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('reports a repeated key of an object, also in escaped spelling', () => {
    const seen: string[] = [];
    const walker = new JsonWalker({ duplicate: (name, depth) => void seen.push(`${name}@${depth}`) });
    walker.feed(Buffer.from('{"a": {"b": 1}, "b": 2, "\\u0061": 3, "c": [{"d": 1}, {"d": 2}]}'));
    walker.end();
    expect(seen).toEqual(['a@1']);
  });

  it.each([
    ['deep nesting', '['.repeat(2_000), {}, 'limit'],
    ['a long string', `"${'x'.repeat(100)}"`, { maxStringBytes: 50 }, 'limit'],
    ['many keys', '{"a":1,"b":2,"c":3}', { maxKeys: 2 }, 'limit'],
    ['invalid UTF-8', '"\xff"', {}, 'malformed'],
    ['two values', '1 2', {}, 'malformed'],
    ['NaN', '[NaN]', {}, 'malformed'],
  ])('refuses %s', (_what, latin1, options, code) => {
    const walker = new JsonWalker({}, options);
    const bytes = Buffer.from(latin1, 'latin1');
    const feed = () => {
      walker.feed(bytes.subarray(0, bytes.length - 1));
      walker.feed(bytes.subarray(bytes.length - 1));
      walker.end();
    };
    expect(feed).toThrow(expect.objectContaining({ name: 'AssayError', code }));
  });

  it('accepts the output of Python, and JSON lines, with options', () => {
    const walker = new JsonWalker({}, { multiple: true, pythonNumbers: true });
    walker.feed(Buffer.from('\ufeff{"loss": NaN, "best": -Infinity}\n[1]\n'));
    walker.end();
    expect(walker.values).toBe(2);
  });
});
