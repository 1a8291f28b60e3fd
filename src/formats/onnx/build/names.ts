/** Hands out names that are unique in a model. */
export class NameTable {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  /** Takes exactly this name. @returns false when it is taken already */
  reserve(name: string): boolean {
    if (name === '' || this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }

  /** A free name: the hint itself, or the hint with a number. */
  unique(hint: string): string {
    const base = hint === '' ? 'value' : hint;
    if (this.reserve(base)) return base;
    for (let count = this.#next.get(base) ?? 1; ; count++) {
      const name = `${base}_${count}`;
      if (this.reserve(name)) {
        this.#next.set(base, count + 1);
        return name;
      }
    }
  }
}
