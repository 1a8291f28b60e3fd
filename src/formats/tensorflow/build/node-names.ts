/** Names of operations: TensorFlow takes `[A-Za-z0-9.][A-Za-z0-9_>./-]*`. */
const REFUSED = /[^A-Za-z0-9_.-]+/g;
const MAX_NAME = 100;

/** Hands out names that are unique in a graph, however they were before. */
export class NodeNames {
  /** TensorFlow tells names apart that differ in case alone; files that are made of them need not. */
  readonly #taken = new Map<string, number>();

  unique(hint: string): string {
    const plain = hint.replace(REFUSED, '_').slice(0, MAX_NAME);
    const base = /^[A-Za-z0-9.]/.test(plain) ? plain : `n${plain}`;
    for (;;) {
      const count = this.#taken.get(base.toLowerCase()) ?? 0;
      this.#taken.set(base.toLowerCase(), count + 1);
      const name = count === 0 ? base : `${base}_${count}`;
      if (count === 0 || !this.#taken.has(name.toLowerCase())) {
        this.#taken.set(name.toLowerCase(), this.#taken.get(name.toLowerCase()) ?? 1);
        return name;
      }
    }
  }
}
