/** Labels as numbers, by the order of their names. */
export interface Classes {
  readonly names: readonly string[];
  /** Of each row: a place among `names`, or -1 for a row without a label. */
  readonly of: Int32Array;
}

/** More different labels are numbers or names, not classes. */
export const MAX_CLASSES = 1_000;

/** Undefined for more than `MAX_CLASSES`. */
export function labelClasses(labels: readonly string[]): Classes | undefined {
  const found = new Set<string>();
  for (const label of labels) {
    if (label !== '') found.add(label);
    if (found.size > MAX_CLASSES) return undefined;
  }
  const names = [...found].sort();
  const places = new Map(names.map((name, place) => [name, place]));
  return { names, of: Int32Array.from(labels, (label) => places.get(label) ?? -1) };
}
