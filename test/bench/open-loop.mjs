// Requests that come when they come, whether or not earlier ones were answered: as from many who know nothing of each other.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Sends GET requests at random moments, so many a second on average (a Poisson process), over kept connections. The time of
 * each counts from the moment at which it was due: one that waits for a free connection, or for this program, waits.
 * @param {{ url: string, rate: number, seconds: number, connections: number, headers: Record<string, string>, path: () => string }} load
 * @returns {Promise<{ ok: number, others: number, ms: number[] }>} milliseconds of each request, the quickest first
 */
export async function openLoop({ url, rate, seconds, connections, headers, path }) {
  const { hostname, port } = new URL(url);
  const fields = Object.entries({ host: `${hostname}:${port}`, ...headers });
  const rest = ` HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`;
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
      keptConnection(hostname, Number(port), {
        text: () => `GET ${path()}${rest}`,
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
async function keptConnection(hostname, port, { text, onAnswer }) {
  const socket = connect({ host: hostname, port, noDelay: true });
  await once(socket, 'connect');
  let read = Buffer.alloc(0);
  let due;
  const connection = {
    socket,
    send(moment) {
      due = moment;
      socket.write(text());
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
