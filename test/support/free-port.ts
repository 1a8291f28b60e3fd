import { createServer } from 'node:net';

/**
 * Below the ports that Linux (32768) and macOS (49152) assign to connections and to servers without a fixed port: a port that is
 * free now is still free when its server starts or restarts.
 */
const FIRST = 20_000;
const COUNT = 12_000;

/** Test files that run at the same time use every other port, each from another set. */
const WORKERS = 8;
const worker = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS;
let next = Math.floor(Math.random() * (COUNT / WORKERS));

/** A port of loopback on which nothing listens, and which no other test gets. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT / WORKERS; tries++) {
    const port = FIRST + ((next * WORKERS + worker) % COUNT);
    next++;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of loopback from ${FIRST} to ${FIRST + COUNT} is free`);
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
