// Requests that come when they come, whether or not earlier ones were answered: as from many who know nothing of each other.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Sends requests at random moments, so many a second on average (a Poisson process), over kept connections. The time of
 * each counts from the moment at which it was due: one that waits for a free connection, or for this program, waits.
 * GET, or POST where there is a body; over TLS where the address says so, whose certificate `ca` has issued.
 * @param {{ url: string, rate: number, seconds: number, connections: number, headers: Record<string, string>, path: () => string,
 *   body?: () => Buffer, ca?: string }} load
 * @returns {Promise<{ ok: number, others: number, ms: number[] }>} milliseconds of each request, the quickest first
 */
export async function openLoop({ url, rate, seconds, connections, headers, path, body, ca }) {
  const { hostname, port, protocol } = new URL(url);
  const fields = Object.entries({ host: `${hostname}:${port}`, ...headers });
  const rest = ` HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n`;
  const message = () => {
    if (body === undefined) return `GET ${path()}${rest}\r\n`;
    const bytes = body();
    return Buffer.concat([Buffer.from(`POST ${path()}${rest}content-length: ${bytes.length}\r\n\r\n`), bytes]);
  };
  const open =
    protocol === 'https:'
      ? () => connectTls({ host: hostname, port: Number(port), ca })
      : () => connect({ host: hostname, port: Number(port), noDelay: true });
  const result = { ok: 0, others: 0, ms: [] };
  const idle = [];
  const waiting = [];
  const give = (connection) => {
    const due = waiting.shift();
    if (due === undefined) idle.push(connection);
    else connection.send(due);
  };
  const all = await Promise.all(
    Array.from({ length: connections }, () =>
      keptConnection(open(), {
        message,
        onAnswer(connection, status, due) {
          result.ms.push(performance.now() - due);
          if (status === 200) result.ok++;
          else result.others++;
          give(connection);
        },
      }),
    ),
  );
  idle.push(...all);
  const started = performance.now();
  let sent = 0;
  for (let due = started; due < started + seconds * 1000; due += (-Math.log(1 - Math.random()) * 1000) / rate) {
    while (due > performance.now()) await delay(1);
    sent++;
    const connection = idle.shift();
    if (connection === undefined) waiting.push(due);
    else connection.send(due);
  }
  for (const end = performance.now() + 10_000; result.ms.length < sent && performance.now() < end; ) await delay(10);
  for (const { socket } of all) socket.destroy();
  result.others += sent - result.ms.length;
  result.ms.sort((a, b) => a - b);
  return result;
}

/** One request at a time; answers have a `content-length`, as those of a JSON API do. */
async function keptConnection(socket, { message, onAnswer }) {
  await once(socket, socket.encrypted ? 'secureConnect' : 'connect');
  socket.setNoDelay(true);
  let read = Buffer.alloc(0);
  let due;
  const connection = {
    socket,
    send(moment) {
      due = moment;
      socket.write(message());
    },
  };
  socket.on('data', (bytes) => {
    read = read.length === 0 ? bytes : Buffer.concat([read, bytes]);
    const head = read.indexOf(HEAD_END);
    if (head < 0) return;
    const lines = read.toString('latin1', 0, head);
    const length = Number(/^content-length: *(\d+)/im.exec(lines)?.[1]);
    if (!(read.length >= head + HEAD_END.length + length)) return;
    read = Buffer.alloc(0);
    onAnswer(connection, Number(lines.slice(9, 12)), due);
  });
  return connection;
}
