/** An untrusted JSON object. Its properties are read with `own` only. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property of the object itself, never of its prototype. */
export function own(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function ownText(value: unknown, name: string): string | undefined {
  const text = own(value, name);
  return typeof text === 'string' ? text : undefined;
}

export function ownList(value: unknown, name: string): readonly unknown[] {
  const list = own(value, name);
  return Array.isArray(list) ? list : [];
}

/** One step of a JSON pointer (RFC 6901, section 3). */
export function step(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
