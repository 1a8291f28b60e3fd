import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { tied } from './tied.ts';

const PROGRAMS = ['redis-server', 'valkey-server'];
const found = PROGRAMS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);

export const hasRedis = found !== undefined;
export const REDIS_HOW = 'apt-get install redis-server';

/** A real Redis (or Valkey) on 127.0.0.1 that writes down every change, its data in a folder that goes away with it. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'assay-redis-'));
  readonly #more: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, more: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
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
    args.push('--appendonly', 'yes', '--maxmemory-policy', 'noeviction', ...this.#more);
    const child = spawn(...tied(found ?? 'redis-server', args), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
      });
    }
    for (let tries = 0; tries < 1_800 && child.exitCode === null; tries++) {
      if (said.includes('Ready to accept connections')) return;
      await delay(50);
    }
    await this.stop();
    throw new Error(`redis-server did not start: ${said}`);
  }

  /** By force, as when its machine dies; its data stay. */
  async down(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** It comes back without anything. */
  async forget(): Promise<void> {
    await this.down();
    rmSync(join(this.#folder, 'appendonlydir'), { recursive: true, force: true });
    await this.up();
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
