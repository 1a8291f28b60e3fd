import { afterAll, beforeAll } from 'vitest';

/** A server for the tests of a suite. */
export function started<T extends { stop(): Promise<void> }>(start: () => Promise<T>): () => T {
  let server: T | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());
  return () => {
    if (server === undefined) throw new Error('the server was not started');
    return server;
  };
}
