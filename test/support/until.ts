import { setTimeout as pause } from 'node:timers/promises';

/** Only a test that would wait forever reaches this limit; a busy machine does not. */
const PATIENCE_MS = 150_000;
const LOOK_EACH_MS = 20;

/**
 * Waits until a condition holds, where no event reports it: in another process, in a server, in a file.
 *
 * @throws Error that names `what`, when it does not hold within the time of a test
 * @example
 * await until('the service answers', async () => (await fetch(url)).ok);
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await holds()); await pause(LOOK_EACH_MS)) {
    if (performance.now() > end) throw new Error(`did not come about: ${what}`);
  }
}

/** A barrier for the order of events in a test: every waiting caller continues when it is opened. */
export interface Barrier {
  readonly opened: Promise<void>;
  open(): void;
}

export function barrier(): Barrier {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
