import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionTable } from '../../../admission-webhook/src/server/connection-table.ts';

let server: Server;
let table: ConnectionTable;
const clients: Socket[] = [];

async function listen(bounds: { readonly maxConnections: number; readonly maxPerSource: number }): Promise<void> {
  table = new ConnectionTable(bounds);
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
}
beforeEach(() => {
  clients.length = 0;
});
afterEach(() => {
  for (const client of clients) client.destroy();
  server.close();
});

/** A connection from an address of this machine, both of its ends. */
async function from(
  localAddress: string,
): Promise<{ readonly client: Socket; readonly socket: Socket; readonly ended: Promise<unknown> }> {
  const { port } = server.address() as AddressInfo;
  const taken = once(server, 'connection');
  const client = connect({ port, host: '127.0.0.1', localAddress });
  clients.push(client);
  const ended = new Promise((resolve) =>
    client
      .on('error', () => {})
      .on('close', resolve)
      .resume(),
  );
  const [socket] = (await taken) as [Socket];
  socket.on('error', () => {});
  table.take(socket);
  return { client, socket, ended };
}

describe('a table of connections', () => {
  it('takes the place of the oldest idle one, and never of one that is being answered', async () => {
    await listen({ maxConnections: 3, maxPerSource: 3 });
    const busy = await from('127.0.0.1');
    table.begin(busy.socket);
    const idle = await from('127.0.0.1');
    const asked = await from('127.0.0.1');
    table.begin(asked.socket)();
    const fourth = await from('127.0.0.1');
    await idle.ended;
    expect([busy, asked, fourth].map(({ socket }) => socket.destroyed)).toEqual([false, false, false]);
    table.begin(fourth.socket);
    await from('127.0.0.1');
    // Who has asked once goes last of the idle ones.
    await asked.ended;
    expect([busy.socket.destroyed, fourth.socket.destroyed, table.size]).toEqual([false, false, 3]);
  });

  it('ends a new one where all are being answered', async () => {
    await listen({ maxConnections: 2, maxPerSource: 2 });
    const answered = table.begin((await from('127.0.0.1')).socket);
    table.begin((await from('127.0.0.1')).socket);
    await (await from('127.0.0.1')).ended;
    expect(table.size).toBe(2);
    answered();
    expect((await from('127.0.0.1')).socket.destroyed).toBe(false);
    expect(table.size).toBe(2);
  });

  it('lets a thousand idle connections of one source keep nobody out', async () => {
    await listen({ maxConnections: 20, maxPerSource: 5 });
    const api = await from('127.0.0.2');
    table.begin(api.socket)();
    for (let count = 0; count < 1_000; count++) await from('127.0.0.1');
    expect([table.size, api.socket.destroyed]).toEqual([6, false]);
    // Of many sources, the one with the most gives way.
    for (const last of [3, 4, 5, 6]) for (let count = 0; count < 5; count++) await from(`127.0.0.${last}`);
    expect([table.size, api.socket.destroyed]).toEqual([20, false]);
  });

  it('forgets those that end', async () => {
    await listen({ maxConnections: 2, maxPerSource: 2 });
    const one = await from('127.0.0.1');
    one.client.destroy();
    await once(one.socket, 'close');
    expect(table.size).toBe(0);
  });
});
