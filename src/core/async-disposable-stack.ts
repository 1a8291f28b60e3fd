/** What has to be closed, the last opened first: each once, and all of them, whatever one throws. ES2026 has it; Node 20 has not. */
export class AsyncDisposableStack {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #running: Promise<void> | undefined;

  defer(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** @throws what the first step that failed threw, after all others */
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
