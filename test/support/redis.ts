import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { sharedPort } from './shared-servers.ts';
import { tied } from './tied.ts';

const PROGRAMS = ['redis-server', 'valkey-server'];
const found = PROGRAMS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);

export const hasRedis = found !== undefined;
export const REDIS_HOW = 'apt-get install redis-server';

/** The number of databases, one for each queue; the first counts those in use. */
const DATABASES = 1000;

/** Databases of one suite on a real Redis (or Valkey) server on 127.0.0.1, which can be shared by the whole run. */
export class RedisDatabases {
  readonly port: number;
  readonly url: string;

  protected constructor(port: number) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** Databases for a suite that does not stop the server. */
  static async shared(): Promise<RedisDatabases> {
    return new RedisDatabases(await sharedPort('redis'));
  }

  /** The address of a database that no other test gets. */
  async freshDatabase(): Promise<string> {
    const client = new Redis(this.url);
    try {
      const number = await client.incr('databases');
      if (number >= DATABASES) throw new Error(`there are no more than ${DATABASES} databases`);
      return `${this.url}/${number}`;
    } finally {
      client.disconnect();
    }
  }

  async stop(): Promise<void> {}
}

/** A separate server that persists every change, with its data in a folder that is removed with it. */
export class RedisServer extends RedisDatabases {
  readonly #folder = mkdtempSync(join(tmpdir(), 'assay-redis-'));
  readonly #more: readonly string[];
  #process: ServerProcess | undefined;

  private constructor(port: number, more: readonly string[]) {
    super(port);
    this.#more = more;
  }

  static async start(more: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), more);
    await server.up();
    return server;
  }

  /** Starts the server with its data, also again after `down`. */
  async up(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    args.push('--databases', String(DATABASES), '--appendonly', 'yes', '--maxmemory-policy', 'noeviction');
    args.push(...this.#more);
    const child = spawn(...tied(found ?? 'redis-server', args), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = new ServerProcess(child);
    await this.#process.said('Ready to accept connections');
  }

  /** Kills the server, as when its machine fails; its data remain. */
  async down(): Promise<void> {
    await this.#process?.end('SIGKILL');
    this.#process = undefined;
  }

  /** Starts the server again without its data. */
  async forget(): Promise<void> {
    await this.down();
    rmSync(join(this.#folder, 'appendonlydir'), { recursive: true, force: true });
    await this.up();
  }

  override async stop(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
