import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address that answers with the port of a server that the whole run shares. */
    readonly sharedServers: string;
  }
}

interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts each server when the first suite asks for it; it runs until the end of the run. The main process owns the servers,
 * since the processes of the suites end earlier.
 *
 * @returns a function that ends them
 */
export async function offerServers(
  project: TestProject,
  starts: Readonly<Record<string, () => Promise<Server>>>,
): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<Server>>();
  const desk = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    const start = starts[name];
    if (start === undefined) return void response.writeHead(404).end();
    const server = started.get(name) ?? start();
    started.set(name, server);
    server.then(
      ({ port }) => response.end(String(port)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  project.provide('sharedServers', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    // A server that did not start needs no end.
    const all = await Promise.allSettled(started.values());
    await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
  };
}

/** The port of a server that all suites of this run share. */
export async function sharedPort(name: string): Promise<number> {
  const answer = await fetch(`${inject('sharedServers')}/${name}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the shared ${name} is not there: ${text}`);
  return Number(text);
}
