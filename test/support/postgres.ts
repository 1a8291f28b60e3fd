import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { sharedPort } from './shared-servers.ts';
import { tied } from './tied.ts';

export const HOW = 'apt-get install postgresql';

/** The server refuses to run as root, so it runs as the user of its package. */
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

/** Databases of one suite on a real PostgreSQL server on 127.0.0.1, which can be shared by the whole run. */
export class PostgresDatabases {
  readonly port: number;
  readonly #made: string[] = [];

  protected constructor(port: number) {
    this.port = port;
  }

  /** Databases for a suite that does not stop the server. */
  static async shared(): Promise<PostgresDatabases> {
    return new PostgresDatabases(await sharedPort('postgres'));
  }

  /** The address of a new, empty database. */
  async freshDatabase(): Promise<string> {
    const name = `registry_${randomUUID().replaceAll('-', '')}`;
    await this.#query(`create database ${name}`);
    this.#made.push(name);
    return this.url(name);
  }

  url(database: string): string {
    return `postgres://assay@127.0.0.1:${this.port}/${database}`;
  }

  /** Removes the databases of the suite, also those with open connections. */
  async stop(): Promise<void> {
    await this.#query(...this.#made.splice(0).map((name) => `drop database ${name} with (force)`));
  }

  async #query(...statements: readonly string[]): Promise<void> {
    if (statements.length === 0) return;
    const client = new pg.Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 60_000 });
    await client.connect();
    try {
      for (const sql of statements) await client.query(sql);
    } finally {
      await client.end();
    }
  }
}

/** A separate server, with its data in a folder that is removed with it. */
export class PostgresServer extends PostgresDatabases {
  readonly #folder: string;
  #process: ServerProcess | undefined;

  private constructor(port: number, folder: string) {
    super(port);
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
    await promisify(execFile)(program('initdb'), args, { ...ids, cwd: folder });
    const server = new PostgresServer(await freePort(), folder);
    await server.up();
    return server;
  }

  /** Starts the server with its data, also again after `down`. */
  async up(): Promise<void> {
    const data = join(this.#folder, 'data');
    const args = ['-D', data, '-p', String(this.port), '-h', '127.0.0.1', '-k', this.#folder];
    // Fast, and safe when only the server is killed, as these tests do.
    for (const setting of ['max_connections=200', 'fsync=off', 'shared_buffers=32MB']) args.push('-c', setting);
    const ids = isRoot ? ownerIds() : undefined;
    const [command, all] = tied(program('postgres'), args);
    this.#process = new ServerProcess(
      spawn(command, all, { ...ids, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] }),
    );
    await this.#process.said('database system is ready to accept connections');
  }

  /** @param signal `SIGINT` aborts running statements; `SIGQUIT` is a crash. */
  async down(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    await this.#process?.end(signal);
    this.#process = undefined;
  }

  override async stop(): Promise<void> {
    await this.down('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function program(name: string): string {
  if (bin === undefined) throw new Error(`there is no ${name} (${userInfo().username}): ${HOW}`);
  return join(bin, name);
}
