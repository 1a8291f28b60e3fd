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

/** The first error of the reference validator. */
function ajvSays(schema: Schema, value: unknown): { readonly pointer: string; readonly message: string } | undefined {
  const validate = ajv.compile(schema.json);
  if (validate(value)) return undefined;
  const [error] = validate.errors ?? [];
  return { pointer: error?.instancePath ?? '', message: error?.message ?? '' };
}

describe('a schema refuses exactly what its JSON Schema refuses:', () => {
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

/** The reference reports the first error differently for alternatives and for unique items. */
const SIMPLE = ALL.filter(([, { json }]) => !/"anyOf"|"uniqueItems"/.test(JSON.stringify(json)));

it.each(SIMPLE)('%s gives the same reason and place as the reference', (_, schema) => {
  fc.assert(
    fc.property(valuesLike(schema.json), (value) => {
      const checked = check(schema, value);
      const reference = ajvSays(schema, value);
      if ('value' in checked || reference === undefined) return;
      const [{ pointer, message }] = checked.invalid;
      expect(pointer).toBe(reference.pointer);
      // Our message names the unknown property and lists the values; for a nullable value it mentions null.
      expect(message.startsWith(reference.message.replace(/,null$/, ''))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('a date-time is accepted exactly as by the reference', () => {
  const validate = ajv.compile({ type: 'string', format: 'date-time' });
  fc.assert(
    fc.property(dateTimes(), (text) => {
      expect(isDateTime(text), text).toBe(validate(text));
    }),
    { numRuns: 3000 },
  );
});

describe('an inherited property name', () => {
  const closed = objectOf({ a: optionalOf(string()) }, { more: false });
  it.each(INHERITED)('is unknown when it is given, and missing when it is required: %s', (name) => {
    const given = JSON.parse(`{${JSON.stringify(name)}: "x"}`);
    expect(check(closed, given)).toEqual({
      invalid: [{ pointer: '', message: `must NOT have additional properties: ${JSON.stringify(name)}` }],
    });
    const wanted = objectOf(Object.fromEntries([[name, string()]]), { more: false });
    expect(check(wanted, {})).toMatchObject({ invalid: [{ message: `must have required property '${name}'` }] });
  });

  it.each(INHERITED)('is ignored in a response and changes no prototype: %s', (name) => {
    const answer = JSON.parse(`{"a": "x", ${JSON.stringify(name)}: {"polluted": true}}`);
    const checked = check(closed.answer, answer);
    expect(checked).toEqual({ value: { a: 'x' } });
    expect('value' in checked && Object.getPrototypeOf(checked.value)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a response', () => {
  const schema = objectOf(
    {
      id: string({}, { pattern: /^[a-z]+$/, otherwise: 'is not an id' }),
      items: array(objectOf({ n: wholeNumber() }, { more: false })),
    },
    { more: false },
  );

  it('can have unknown properties at every depth', () => {
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

  it('is checked only for the picked properties', () => {
    expect(check(pick(schema, 'id').answer, { id: 'a', items: 'no list' })).toEqual({ value: { id: 'a' } });
  });
});

test('property names in a pointer are escaped, and long ones are truncated', () => {
  const schema = objectOf({ 'a/b~c': objectOf({}, { more: false }) });
  const checked = check(schema, { 'a/b~c': { ['x'.repeat(1000)]: 1 } });
  expect(checked).toEqual({
    invalid: [{ pointer: '/a~1b~0c', message: `must NOT have additional properties: "${'x'.repeat(60)}"` }],
  });
});

test('values nested deeper than the schema are refused without recursion', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(check(objectOf({ a: array(string()) }), { a: deep })).toMatchObject({ invalid: [{ pointer: '/a/0' }] });
});
