import fc from 'fast-check';
import type { JsonSchema } from '../../../src/core/schema/index.ts';

/** Property names that every object inherits. */
export const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];

const ODD = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e308, -0, '', ' ', 'x', '\u{1f600}', [], {}, [[]], { a: 1 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** JSON that often, but not always, conforms to a schema. */
export function valuesLike(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: like(schema) }, { weight: 1, arbitrary: ODD });
}

function like(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { anyOf, enum: values, const: value, type } = schema;
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one) => valuesLike(one as JsonSchema)));
  if (Array.isArray(values)) return fc.constantFrom<unknown>(...values, 'other');
  if (value !== undefined) return fc.constantFrom<unknown>(value, 'other');
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => like({ ...schema, type: one })));
  switch (type) {
    case 'object':
      return objectsLike(schema);
    case 'array':
      return fc.array(valuesLike(schema.items === undefined ? {} : (schema.items as JsonSchema)), { maxLength: 4 });
    case 'integer':
      return fc.oneof(fc.integer(), fc.integer({ min: -1, max: 101 }), fc.double());
    case 'string':
      return textsLike(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return ODD;
  }
}

function textsLike({ format, pattern, minLength = 0, maxLength = 100 }: JsonSchema): fc.Arbitrary<unknown> {
  const [least, most] = [Number(minLength), Math.min(Number(maxLength), 5000)];
  // Characters of one and of two code units, just within and just beyond the bounds.
  const around = fc
    .tuple(fc.constantFrom('a', '\u{1f600}', '\ud83d'), fc.constantFrom(least - 1, least, least + 1, most, most + 1))
    .map(([character, count]) => character.repeat(Math.max(0, count)));
  const known = fc.constantFrom(
    'a'.repeat(64),
    `sha256:${'0'.repeat(64)}`,
    'acme/bert',
    '2027-01-31T12:00:00Z',
    'viewer',
    'approve',
    '12',
  );
  const dated = format === undefined && pattern === undefined ? around : fc.oneof(around, known, dateTimes());
  return fc.oneof(dated, known, fc.string({ unit: 'binary', maxLength: 20 }));
}

/** Text that looks like a date and a time of RFC 3339. */
export function dateTimes(): fc.Arbitrary<string> {
  const digits = (most: number) => fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
  return fc
    .tuple(
      fc.constantFrom('2024', '2023', '1900', '2000', '0000', '999', '20240'),
      digits(13),
      digits(32),
      fc.constantFrom('T', 't', ' ', '_', '\t'),
      digits(24),
      digits(60),
      digits(61),
      fc.constantFrom('', '.5', '.999999999', '.'),
      fc.constantFrom('Z', 'z', '', '+01:00', '-0130', '+24:00', '+23:59', '-00:60', '+1', '-01', 'UTC'),
    )
    .map(([year, month, day, apart, hour, minute, second, part, zone]) =>
      [year, '-', month, '-', day, apart, hour, ':', minute, ':', second, part, zone].join(''),
    );
}

function objectsLike(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const whole = fc.tuple(...properties.map(([name, one]) => valuesLike(one).map((value) => [name, value] as const)));
  const changed = fc.record({
    entries: whole,
    left: fc.oneof(
      { weight: 4, arbitrary: fc.constant(-1) },
      { weight: 1, arbitrary: fc.nat({ max: Math.max(0, properties.length - 1) }) },
    ),
    more: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('more', '', ...INHERITED) },
    ),
  });
  return changed.map(({ entries, left, more }) => {
    const kept = entries.filter((_, index) => index !== left);
    // As from JSON.parse: `__proto__` is an ordinary property.
    return Object.fromEntries(more === undefined ? kept : [...kept, [more, 1]]);
  });
}
