import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { tied } from './tied.ts';

export const HOW = 'apt-get install postgresql';

/** The server refuses to run as root: it runs as the user that its package made. */
const OWNER = 'postgres';
const isRoot = process.getuid?.() === 0;

const bin = findBin();
export const hasPostgres = bin !== undefined && (!isRoot || ownerIds() !== undefined);

function findBin(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))));
}

function ownerIds(): { readonly uid: number; readonly gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, OWNER]).stdout.toString()));
  return uid === undefined || gid === undefined || uid === 0 || gid === 0 ? undefined : { uid, gid };
}

/** A real PostgreSQL on 127.0.0.1, its data in a folder that goes away with it. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #databases = 0;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-postgres-'));
    const data = join(folder, 'data');
    mkdirSync(data);
    chmodSync(folder, 0o755);
    const ids = isRoot ? ownerIds() : undefined;
    if (ids !== undefined) for (const path of [folder, data]) chownSync(path, ids.uid, ids.gid);
    const args = ['-D', data, '-U', 'assay', '--auth=trust', '--encoding=UTF8', '--no-sync', '--locale=C.UTF-8'];
    const made = spawnSync(program('initdb'), args, { ...ids, cwd: folder, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
    const server = new PostgresServer(await freePort(), folder);
    await server.up();
    return server;
  }

  /** The address of a database of its own, empty. */
  async freshDatabase(): Promise<string> {
    this.#databases++;
    const name = `registry_${this.#databases}`;
    await this.#query(`create database ${name}`, 60_000);
    return this.url(name);
  }

  url(database: string): string {
    return `postgres://assay@127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the server over its data, again after `down`. */
  async up(): Promise<void> {
    const data = join(this.#folder, 'data');
    const args = [
      '-D',
      data,
      '-p',
      String(this.port),
      '-h',
      '127.0.0.1',
      '-k',
      this.#folder,
      '-c',
      'max_connections=60',
    ];
    // Fast, and safe against the death of the server alone, which is what tests bring about.
    args.push('-c', 'fsync=off', '-c', 'shared_buffers=32MB');
    const ids = isRoot ? ownerIds() : undefined;
    const [command, all] = tied(program('postgres'), args);
    const child = spawn(command, all, { ...ids, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-4000);
    });
    for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
      const ready = await this.#query('select 1').then(
        () => true,
        () => false,
      );
      if (ready) return;
      await delay(100);
    }
    await this.down('SIGKILL');
    throw new Error(`postgres did not start: ${said}`);
  }

  /** @param signal `SIGINT` breaks off what runs; `SIGQUIT` is a crash. */
  async down(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.down('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #query(sql: string, connectionTimeoutMillis = 2_000): Promise<void> {
    const client = new pg.Client({ connectionString: this.url('postgres'), connectionTimeoutMillis });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(sql);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function program(name: string): string {
  if (bin === undefined) throw new Error(`there is no ${name} (${userInfo().username}): ${HOW}`);
  return join(bin, name);
}
