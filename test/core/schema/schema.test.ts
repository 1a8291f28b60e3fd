import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isDateTime } from '../../../src/core/schema/date-time.ts';
import {
  array,
  check,
  choiceOf,
  flagOf,
  literal,
  maybe,
  nullable,
  objectOf,
  opaque,
  optionalOf,
  pick,
  type Schema,
  string,
  union,
  wholeNumber,
} from '../../../src/core/schema/index.ts';
import * as api from '../../../src/registry/api/index.ts';
import { dateTimes, INHERITED, valuesLike } from './json-values.ts';

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
formats.default(ajv);

const OWN: Readonly<Record<string, Schema>> = {
  texts: objectOf(
    { a: string({ minLength: 2, maxLength: 3 }), b: optionalOf(string({ pattern: '^.{2}$' })) },
    { more: false },
  ),
  times: string({ format: 'date-time' }),
  open: objectOf({ a: wholeNumber({ minimum: 0, maximum: 9 }), b: optionalOf(flagOf()) }, { more: true }),
  lists: array(choiceOf(['a', 'b', 'c'], { enum: ['a', 'b', 'c'] }), { minItems: 1, maxItems: 2, uniqueItems: true }),
  alternatives: union([
    objectOf({ kind: literal('a'), n: wholeNumber() }),
    objectOf({ kind: literal('b') }, { more: false }),
  ]),
  form: maybe(objectOf({}, { more: false })),
  either: union([string({ maxLength: 2 }), array(string({ maxLength: 2 }), { maxItems: 2 })]),
  nullables: objectOf({
    a: nullable(string({ maxLength: 3 })),
    b: nullable(wholeNumber()),
    c: opaque({ type: 'array' }),
  }),
};
const { pageSchema: _, ...parts } = api;
const WIRE = Object.entries(parts).filter(([name]) => name.endsWith('Schema')) as [string, Schema][];
const ALL = [...Object.entries(OWN), ...WIRE];

/** Of the first thing that is wrong, by the reference. */
function ajvSays(schema: Schema, value: unknown): { readonly pointer: string; readonly message: string } | undefined {
  const validate = ajv.compile(schema.json);
  if (validate(value)) return undefined;
  const [error] = validate.errors ?? [];
  return { pointer: error?.instancePath ?? '', message: error?.message ?? '' };
}

describe('a schema refuses what its JSON Schema refuses, and nothing else', () => {
  it.each(ALL)('%s', (_, schema) => {
    const validate = ajv.compile(schema.json);
    fc.assert(
      fc.property(valuesLike(schema.json), (value) => {
        expect('value' in check(schema, value)).toBe(validate(value));
      }),
      { numRuns: 300 },
    );
  });
});

/** Where the reference is asked for the first thing that is wrong, it names that of each alternative, and looks for twins last. */
const SIMPLE = ALL.filter(([, { json }]) => !/"anyOf"|"uniqueItems"/.test(JSON.stringify(json)));

it.each(SIMPLE)('%s is refused for the same reason, at the same place', (_, schema) => {
  fc.assert(
    fc.property(valuesLike(schema.json), (value) => {
      const checked = check(schema, value);
      const reference = ajvSays(schema, value);
      if ('value' in checked || reference === undefined) return;
      const [{ pointer, message }] = checked.invalid;
      expect(pointer).toBe(reference.pointer);
      // It does not say which name is unknown, nor which values there are; of what may be null, it says that it may.
      expect(message.startsWith(reference.message.replace(/,null$/, ''))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('a date and a time is what the reference takes for one', () => {
  const validate = ajv.compile({ type: 'string', format: 'date-time' });
  fc.assert(
    fc.property(dateTimes(), (text) => {
      expect(isDateTime(text), text).toBe(validate(text));
    }),
    { numRuns: 3000 },
  );
});

describe('a name that every object inherits', () => {
  const closed = objectOf({ a: optionalOf(string()) }, { more: false });
  it.each(INHERITED)('%s is unknown where it is given, and missing where it is not', (name) => {
    const given = JSON.parse(`{${JSON.stringify(name)}: "x"}`);
    expect(check(closed, given)).toEqual({
      invalid: [{ pointer: '', message: `must NOT have additional properties: ${JSON.stringify(name)}` }],
    });
    const wanted = objectOf(Object.fromEntries([[name, string()]]), { more: false });
    expect(check(wanted, {})).toMatchObject({ invalid: [{ message: `must have required property '${name}'` }] });
  });

  it.each(INHERITED)('%s is passed over in an answer, and changes no prototype', (name) => {
    const answer = JSON.parse(`{"a": "x", ${JSON.stringify(name)}: {"polluted": true}}`);
    const checked = check(closed.answer, answer);
    expect(checked).toEqual({ value: { a: 'x' } });
    expect('value' in checked && Object.getPrototypeOf(checked.value)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('an answer', () => {
  const schema = objectOf(
    {
      id: string({}, { pattern: /^[a-z]+$/, otherwise: 'is not an id' }),
      items: array(objectOf({ n: wholeNumber() }, { more: false })),
    },
    { more: false },
  );

  it('may hold more than is known, at every depth', () => {
    const answer = { id: 'a', items: [{ n: 1, new: true }], new: {} };
    expect(check(schema.answer, answer)).toEqual({ value: { id: 'a', items: [{ n: 1 }] } });
    expect(check(schema, answer)).toMatchObject({ invalid: [{ pointer: '' }] });
  });

  it.each([
    [{ id: 'A', items: [] }, '/id', 'is not an id'],
    [{ id: 'a', items: [{ n: -1 }] }, '/items/0/n', undefined],
    [{ id: 'a', items: [{ n: 2 ** 53 }] }, '/items/0/n', undefined],
    [{ id: 'a', items: { length: 0 } }, '/items', 'must be array'],
    [[], '', 'must be object'],
    [{ id: 'a' }, '', "must have required property 'items'"],
  ])('%j is refused at %j', (answer, pointer, message) => {
    const checked = check(schema.answer, answer);
    expect(checked).toMatchObject({ invalid: [{ pointer, ...(message === undefined ? {} : { message }) }] });
  });

  it('is read only as far as needed', () => {
    expect(check(pick(schema, 'id').answer, { id: 'a', items: 'no list' })).toEqual({ value: { id: 'a' } });
  });
});

test('names in a pointer are escaped, and long ones are shown in part', () => {
  const schema = objectOf({ 'a/b~c': objectOf({}, { more: false }) });
  const checked = check(schema, { 'a/b~c': { ['x'.repeat(1000)]: 1 } });
  expect(checked).toEqual({
    invalid: [{ pointer: '/a~1b~0c', message: `must NOT have additional properties: "${'x'.repeat(60)}"` }],
  });
});

test('what is nested deeper than any schema is refused without being followed', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(check(objectOf({ a: array(string()) }), { a: deep })).toMatchObject({ invalid: [{ pointer: '/a/0' }] });
});
