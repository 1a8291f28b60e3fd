import { AssayError } from '../../core/index.ts';

export type LiteralJson =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly LiteralJson[]
  | { readonly [key: string]: LiteralJson };

const MAX_DEPTH = 64;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** What Python's `json.loads` makes of a text: integers stay exact. @throws AssayError `malformed`, `limit` */
export function literalText(text: string): LiteralJson {
  const trimmed = text.trim();
  if (/^-?\d{1,4000}$/.test(trimmed)) return BigInt(trimmed);
  const special = Object.hasOwn(SPECIAL, trimmed) ? SPECIAL[trimmed] : undefined;
  if (special !== undefined) return special;
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (cause) {
    throw new AssayError('malformed', 'the text of a JsonNode is not JSON', { subject: 'schema.json', cause });
  }
  return copied(value, 0);
}

function copied(value: unknown, depth: number): LiteralJson {
  if (depth > MAX_DEPTH) throw new AssayError('limit', 'the text of a JsonNode is nested too deep');
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => copied(item, depth + 1));
  if (typeof value !== 'object') throw new AssayError('internal', 'JSON has no such value');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item, depth + 1)]));
}
