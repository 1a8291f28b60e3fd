import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { quietly } from '../../src/sources/s3/quiet.ts';
import { freePort, freePorts } from './free-port.ts';
import { tied } from './tied.ts';

const BIN = new URL('../../.venv/bin/', import.meta.url).pathname;
/** SeaweedFS, a server in Go that shares no code with the client under test. */
const WEED = join(BIN, 'weed');
/** Moto, also a security token service, which accepts keys that no file system can hold. */
const MOTO = join(BIN, 'moto_server');

export const hasSeaweed = existsSync(WEED);
export const hasMoto = existsSync(MOTO);
export const HOW = 'pip install -r fixtures/python/requirements-ci.txt into .venv';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const ADMIN: Keys = { accessKeyId: 'AKIDADMIN', secretAccessKey: 'admin-s3cret' };
/** Can read the bucket `models` only. */
export const READER: Keys = { accessKeyId: 'AKIDREADER', secretAccessKey: 'reader-s3cret' };

const IDENTITIES = [
  { name: 'admin', credentials: [keyPair(ADMIN)], actions: ['Admin', 'Read', 'List', 'Write'] },
  { name: 'reader', credentials: [keyPair(READER)], actions: ['Read:models', 'List:models'] },
  { name: 'anonymous', actions: ['Read:public', 'List:public'] },
];

/** A real S3 server on 127.0.0.1, and a client of its administrator. */
export class S3Server {
  readonly endpoint: string;
  readonly client: S3Client;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #sockets: readonly string[];

  private constructor(endpoint: string, process: ChildProcess, folder: string, sockets: readonly string[]) {
    this.endpoint = endpoint;
    this.#process = process;
    this.#folder = folder;
    this.#sockets = sockets;
    this.client = clientOf(endpoint);
  }

  static async startSeaweed(): Promise<S3Server> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-s3-'));
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 's3.json'), JSON.stringify({ identities: IDENTITIES }));
    const ports = await freePorts(10);
    const port = (i: number) => String(ports[i]);
    const args = ['server', '-dir=data', '-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-filer', '-s3', '-s3.config=s3.json'];
    args.push('-volume.max=40', '-master.volumeSizeLimitMB=64', '-master.telemetry=false', '-s3.port.iceberg=0');
    args.push(`-master.port=${port(0)}`, `-master.port.grpc=${port(1)}`, `-volume.port=${port(2)}`);
    args.push(`-volume.port.grpc=${port(3)}`, `-filer.port=${port(4)}`, `-filer.port.grpc=${port(5)}`);
    args.push(`-s3.port=${port(6)}`, `-s3.port.grpc=${port(7)}`, `-s3.port.lance=0`);
    const named = [`filer-${port(4)}`, `s3-${port(6)}`, `master-grpc-${port(1)}`, `volume-grpc-${port(3)}`];
    const sockets = [...named, `filer-grpc-${port(5)}`, `s3-grpc-${port(7)}`].map(
      (name) => `/tmp/seaweedfs-${name}.sock`,
    );
    return S3Server.#start(WEED, args, folder, `http://127.0.0.1:${port(6)}`, sockets);
  }

  static async startMoto(): Promise<S3Server> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-s3-'));
    const port = await freePort();
    return S3Server.#start(MOTO, ['-H', '127.0.0.1', '-p', String(port)], folder, `http://127.0.0.1:${port}`);
  }

  static async #start(
    program: string,
    args: readonly string[],
    folder: string,
    endpoint: string,
    sockets: readonly string[] = [],
  ): Promise<S3Server> {
    // Its temporary files are removed with its folder.
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(...tied(program, args), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
      });
    }
    const server = new S3Server(endpoint, child, folder, sockets);
    for (let tries = 0; tries < 600; tries++) {
      if (child.exitCode !== null) break;
      if (await server.#stores()) return server;
      await delay(100);
    }
    await server.stop();
    throw new Error(`${program} did not start: ${said}`);
  }

  /** The server answers before it can store objects, and creates buckets before it has a place for objects. */
  async #stores(): Promise<boolean> {
    const place = { Bucket: 'ready', Key: 'ready' };
    // The bucket can exist from an earlier attempt.
    await this.client.send(new CreateBucketCommand({ Bucket: place.Bucket })).catch(() => undefined);
    return this.client.send(new PutObjectCommand({ ...place, Body: 'x', ContentLength: 1 })).then(
      () => true,
      () => false,
    );
  }

  async makeBucket(name: string, versioned = false): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: name }));
    if (versioned) {
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await this.client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
    }
  }

  async put(
    Bucket: string,
    Key: string,
    Body: Uint8Array | string,
    more: Partial<PutObjectCommandInput> = {},
  ): Promise<{ etag: string; versionId: string | undefined }> {
    const { ETag = '', VersionId } = await this.client.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentLength: Buffer.byteLength(Body), ...more }),
    );
    return { etag: ETag, versionId: VersionId };
  }

  /** The environment of the AWS command line for this server, without the settings of the machine. */
  env(keys: Keys | undefined = ADMIN, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { ...environment(this.endpoint, keys), ...more };
  }

  async stop(): Promise<void> {
    this.client.destroy();
    // SeaweedFS creates sockets outside every configurable folder.
    for (const socket of this.#sockets) rmSync(socket, { force: true });
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function environment(endpoint: string, keys: Keys | undefined): NodeJS.ProcessEnv {
  return {
    HOME: '/nonexistent',
    AWS_ENDPOINT_URL: endpoint,
    ...(keys === undefined ? {} : { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }),
  };
}

function clientOf(endpoint: string): S3Client {
  return quietly(
    () =>
      new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: ADMIN,
        maxAttempts: 1,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      }),
  );
}

function keyPair({ accessKeyId, secretAccessKey }: Keys) {
  return { accessKey: accessKeyId, secretKey: secretAccessKey };
}
