import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

const PYTHON = new URL('../../.venv/bin/python', import.meta.url).pathname;
const SCRIPT = new URL('./python/hub_client.py', import.meta.url).pathname;

export const HOW_HUB_CLIENT = '.venv/bin/pip install -r fixtures/python/requirements-ci.txt';
export const hasHubClient =
  spawnSync(PYTHON, ['-c', 'import huggingface_hub, tokenizers'], { stdio: 'ignore' }).status === 0;

/** The environment by which the same interpreter has a client from before 1.0. */
export const OLD_HUB_CLIENT = { PYTHONPATH: new URL('../../.cache/hub-0.23', import.meta.url).pathname };
export const HOW_OLD_HUB_CLIENT =
  '.venv/bin/pip install --no-deps --target .cache/hub-0.23 -r fixtures/python/requirements-hub-0.23.txt';
export const hasOldHubClient =
  spawnSync(PYTHON, ['-c', 'import huggingface_hub as h; assert h.__version__ == "0.23.5"; import requests, tqdm'], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, ...OLD_HUB_CLIENT },
  }).status === 0;

export interface HubClientAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the Python client answers
  readonly answer?: any;
  readonly error?: string;
  readonly message?: string;
}

export interface HubClientOptions {
  readonly endpoint: string;
  readonly token: string;
  /** The folder of its cache. */
  readonly home: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the Python clients of the Hub as users do: only the environment names the Hub. */
export async function runHubClient(
  { endpoint, token, home, env = {} }: HubClientOptions,
  commands: readonly Readonly<Record<string, unknown>>[],
): Promise<HubClientAnswer[]> {
  const child = spawn(PYTHON, [SCRIPT], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      HF_HOME: home,
      HF_ENDPOINT: endpoint,
      HF_TOKEN: token,
      HF_HUB_DISABLE_TELEMETRY: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
      ...env,
    },
  });
  let out = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  child.stdin.end(commands.map((command) => `${JSON.stringify(command)}\n`).join(''));
  await once(child, 'close');
  const answers = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line): HubClientAnswer => JSON.parse(line));
  if (answers.length !== commands.length) throw new Error(`the client broke off: ${log}`);
  return answers;
}

/** Runs a program with Python's own library. @returns its output */
export async function runPython(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(PYTHON, ['-c', program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the program failed');
  return out;
}

/** A connection that breaks once, after a number of bytes of one response. */
export class BrittleLine {
  /** The range requests that passed through. */
  ranges = 0;
  #broken = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(origin: string, breakAfter: number): Promise<BrittleLine> {
    const { hostname, port } = new URL(origin);
    const server = createServer((client) => line.#join(client, createConnection(Number(port), hostname), breakAfter));
    const line = new BrittleLine(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get origin(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the line is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket, breakAfter: number): void {
    let passed = 0;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          server.destroy();
        });
    }
    client.on('data', (chunk) => {
      if (/^range: bytes=/im.test(chunk.toString('latin1'))) this.ranges++;
      passed = 0;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      passed += chunk.length;
      client.write(chunk);
      if (this.#broken || passed < breakAfter) return;
      this.#broken = true;
      server.pause();
      client.end();
    });
  }
}
