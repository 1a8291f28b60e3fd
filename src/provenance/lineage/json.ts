/** Values of an untrusted document, as what they are, or nothing. */
export function jsonFields(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonFields(value) ? value : {};
}

export function isJsonFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function jsonWords(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** A list, a single value as a list of one, or nothing: JSON-LD writes either. */
export function jsonItems(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}
