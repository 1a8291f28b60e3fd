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

/** A queue each; the first counts those that were given away. */
const DATABASES = 1000;

/** Databases of one suite at a real Redis (or Valkey) on 127.0.0.1, which may be that of the whole run. */
export class RedisDatabases {
  readonly port: number;
  readonly url: string;

  protected constructor(port: number) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** Those of a suite that lets the server live. */
  static async shared(): Promise<RedisDatabases> {
    return new RedisDatabases(await sharedPort('redis'));
  }

  /** The address of a database that nobody else is given. */
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

/** A server of its own that writes down every change, its data in a folder that goes away with it. */
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

  /** Starts the server over its data, again after `down`. */
  async up(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    args.push('--databases', String(DATABASES), '--appendonly', 'yes', '--maxmemory-policy', 'noeviction');
    args.push(...this.#more);
    const child = spawn(...tied(found ?? 'redis-server', args), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = new ServerProcess(child);
    await this.#process.said('Ready to accept connections');
  }

  /** By force, as when its machine dies; its data stay. */
  async down(): Promise<void> {
    await this.#process?.end('SIGKILL');
    this.#process = undefined;
  }

  /** It comes back without anything. */
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
