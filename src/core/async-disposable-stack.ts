/**
 * Closes resources, the last opened first: each once, and all of them, even when one throws. ES2026 has this; Node 20 does not.
 */
export class AsyncDisposableStack {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #running: Promise<void> | undefined;

  defer(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** @throws the error of the first step that failed, after all others ran */
  disposeAsync(): Promise<void> {
    this.#running ??= this.#dispose();
    return this.#running;
  }

  async #dispose(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
