/** Names by their folded form. */
export type FoldedNames = ReadonlyMap<string, string>;

export function namesOf(names: readonly string[]): FoldedNames {
  return new Map(names.map((name) => [folded(name), name]));
}

function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/**
 * A key that a loader may read as another key: Go's decoder, which most loaders use, ignores case, so that `Layers` is `layers`. The
 * case of keys of annotations and labels is never ignored.
 */
export function findMisspelt(json: unknown, names: FoldedNames): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  for (const [name, value] of Object.entries(json)) {
    if (!Array.isArray(json) && (names.get(folded(name)) ?? name) !== name) return name;
    const within = FREE.has(name) ? undefined : findMisspelt(value, names);
    if (within !== undefined) return within;
  }
  return undefined;
}

const FREE: ReadonlySet<string> = new Set(['annotations', 'Labels']);

/** Whether a name stands twice in one object of a document, of which a parser drops one. @param bytes the document, known to be JSON */
export function hasDuplicateKey(json: unknown, bytes: Uint8Array): boolean {
  return countKeys(json) !== countColons(bytes);
}

/** Names in all objects. */
function countKeys(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0;
  const values: unknown[] = Object.values(json);
  return values.reduce<number>((sum, value) => sum + countKeys(value), Array.isArray(json) ? 0 : values.length);
}

/** Colons outside strings. */
function countColons(bytes: Uint8Array): number {
  let colons = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) quoted = !quoted;
    else if (quoted && byte === 0x5c) at++;
    else if (!quoted && byte === 0x3a) colons++;
  }
  return colons;
}
