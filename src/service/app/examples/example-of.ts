import { ABSENT, ANY_TEXT, BY_NAME, MOMENTS } from './values.ts';

/** How descriptions of moments end. */
const MOMENT = '; ISO 8601, UTC';

/** A schema of the document, of the subset that our own schemas are written in. */
export interface SchemaShape {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaShape[];
  readonly oneOf?: readonly SchemaShape[];
  readonly properties?: Readonly<Record<string, SchemaShape>>;
  readonly required?: readonly string[];
  readonly items?: SchemaShape;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** @param isAsked of a request: only what it needs, since other properties may exclude each other */
export function exampleOf(shape: SchemaShape, name: string, isAsked: boolean): unknown {
  const options = shape.anyOf ?? shape.oneOf;
  if (options !== undefined) {
    const isAbsent = ABSENT.has(name) && options.some(({ type }) => type === 'null');
    const chosen = options.find(({ type }) => (type === 'null') === isAbsent) ?? options[0];
    return chosen === undefined ? null : exampleOf(chosen, name, isAsked);
  }
  const types = [shape.type ?? 'string'].flat();
  if (types.includes('null') && (ABSENT.has(name) || types.length === 1)) return null;
  const type = types.find((one) => one !== 'null');
  if (type === 'object') return objectOf(shape, isAsked);
  if (type === 'array') return [exampleOf(shape.items ?? {}, `.${name}`, isAsked)];
  if (shape.description?.endsWith(MOMENT) === true)
    return name === 'to' || name === 'endedAt' ? MOMENTS.later : MOMENTS.first;
  const known = (BY_NAME[name] ?? []).find((value) => fits(value, shape, type));
  if (known !== undefined) return known;
  if (shape.enum !== undefined) return shape.enum[0];
  if (type === 'boolean') return true;
  if (type === 'integer' || type === 'number') return shape.minimum ?? 1;
  return ANY_TEXT.find((value) => fits(value, shape, type)) ?? '';
}

function objectOf({ properties = {}, required = [] }: SchemaShape, isAsked: boolean): Record<string, unknown> {
  const shown = Object.entries(properties).filter(([name]) => !isAsked || required.includes(name));
  return Object.fromEntries(shown.map(([name, shape]) => [name, exampleOf(shape, name, isAsked)]));
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
};

function fits(value: unknown, shape: SchemaShape, type: string | undefined): boolean {
  if (shape.enum !== undefined) return shape.enum.includes(value);
  if (typeof value !== KINDS[type ?? 'string']) return false;
  if (typeof value === 'number') return value >= (shape.minimum ?? value) && value <= (shape.maximum ?? value);
  if (typeof value !== 'string') return true;
  return (
    value.length >= (shape.minLength ?? 0) &&
    value.length <= (shape.maxLength ?? value.length) &&
    (shape.pattern === undefined || new RegExp(shape.pattern, 'u').test(value)) &&
    (shape.format !== 'date-time' || !Number.isNaN(Date.parse(value)))
  );
}
