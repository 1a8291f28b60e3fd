import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { tied } from './tied.ts';
import { until } from './until.ts';

const PYTHON = new URL('../../.venv/bin/python', import.meta.url).pathname;
const MODELS = new URL('./python/mlflow_models.py', import.meta.url).pathname;
export const hasMlflow = spawnSync(PYTHON, ['-m', 'mlflow', '--version'], { stdio: 'ignore' }).status === 0;
export const HOW_MLFLOW = '.venv/bin/pip install -r fixtures/python/requirements-ci.txt';

/** No request leaves this machine, and no thread of the server waits for jobs. */
const QUIET = { MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: '1', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' };

const USERNAME = 'admin';
const PASSWORD = 'correct horse';
/** Its webhooks can call this machine, and their secrets are encrypted with a key of the tests. */
const WEBHOOKS = {
  MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
  MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
  MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: 'HRgm0bRyKhlAi30ND45BvQ6rVKIVTR8XF2uPIHYy5Bw=',
};
/** The cache avoids hashing the password in each request. */
const AUTH = `[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///auth.db
admin_username = ${USERNAME}
admin_password = ${PASSWORD}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 600
`;

export type MlflowCommand =
  | {
      readonly do: 'version';
      readonly name: string;
      readonly folder: string;
      readonly how: 'artifacts' | 'runs' | 'logged-model';
    }
  | { readonly do: 'alias'; readonly name: string; readonly alias: string; readonly version: string }
  | { readonly do: 'delete'; readonly name: string; readonly version: string }
  | { readonly do: 'source'; readonly name: string; readonly source: string }
  /** Registers a webhook for new versions. */
  | { readonly do: 'webhook'; readonly url: string; readonly secret: string };

export interface MlflowResult {
  readonly version: string;
  readonly run?: string;
  readonly model?: string;
}

/** The MLflow server of PyPI on 127.0.0.1, with basic authentication and its artifact proxy, in its own folder. */
export class RealMlflow {
  readonly origin: string;
  readonly folder: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, origin: string, folder: string) {
    this.#child = child;
    this.origin = origin;
    this.folder = folder;
  }

  static async start(): Promise<RealMlflow> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-mlflow-'));
    mkdirSync(join(folder, 'artifacts'));
    const config = join(folder, 'auth.ini');
    writeFileSync(config, AUTH);
    const port = await freePort();
    const args = ['-m', 'mlflow', 'server', '--app-name', 'basic-auth', '--host', '127.0.0.1', '--port', `${port}`];
    args.push('--workers', '1', '--backend-store-uri', 'sqlite:///mlflow.db');
    args.push('--serve-artifacts', '--artifacts-destination', join(folder, 'artifacts'));
    const child = spawn(...tied(PYTHON, args), {
      cwd: folder,
      // The server starts child processes, which end with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...bareEnv(), ...WEBHOOKS, MLFLOW_AUTH_CONFIG_PATH: config, MLFLOW_FLASK_SERVER_SECRET_KEY: 'tests' },
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log = `${log}${text}`.slice(-20_000);
      });
    const server = new RealMlflow(child, `http://127.0.0.1:${port}`, folder);
    const ready = until('the MLflow server answers', () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return answers(port, server.origin);
    });
    await ready.catch(async (cause: unknown) => {
      await server.close();
      throw new Error(`the MLflow server did not start: ${log}`, { cause });
    });
    return server;
  }

  /** The environment of its clients: the address and the login. */
  get env(): NodeJS.ProcessEnv {
    return {
      MLFLOW_TRACKING_URI: this.origin,
      MLFLOW_TRACKING_USERNAME: USERNAME,
      MLFLOW_TRACKING_PASSWORD: PASSWORD,
    };
  }

  /** Runs MLflow's own client. */
  async run(commands: readonly MlflowCommand[]): Promise<(MlflowResult | null)[]> {
    const child = spawn(PYTHON, [MODELS], { cwd: this.folder, env: { ...bareEnv(), ...this.env } });
    let out = '';
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    child.stdin.end(JSON.stringify(commands));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`MLflow's client failed: ${log}`);
    return JSON.parse(out.trim().split('\n').at(-1) ?? '');
  }

  /** The folder of the files of a run or a logged model of its first experiment. */
  filesOf({ run, model }: MlflowResult): string {
    const folder = run === undefined ? join('models', model ?? '', 'artifacts') : join(run, 'artifacts', 'model');
    return join(this.folder, 'artifacts', '0', folder);
  }

  async close(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined && this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      process.kill(-pid, 'SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | object;
}

/** A server on loopback in place of MLflow, with answers that a test sets. It records its requests. */
export class FakeMlflow {
  readonly seen: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Answers by path and query; the first match is used. Without a match the answer is that of MLflow for a missing object. */
  readonly answers: { readonly match: RegExp; readonly answer: (url: URL) => Answer }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeMlflow> {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      fake.seen.push({ url: `${url.pathname}${url.search}`, headers: request.headers });
      const found = fake.answers.find(({ match }) => match.test(`${url.pathname}${url.search}`));
      const missing: Answer = {
        status: 404,
        body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such thing' },
      };
      const { status = 200, body, type, headers } = found?.answer(url) ?? missing;
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const bytes = raw ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
      response.writeHead(status, {
        'content-type': type ?? (raw ? 'application/octet-stream' : 'application/json'),
        'content-length': bytes.length,
        ...headers,
      });
      response.end(bytes);
    });
    const fake = new FakeMlflow(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get origin(): string {
    return `http://127.0.0.1:${portOf(this.#server.address())}`;
  }

  on(match: RegExp, answer: Answer | ((url: URL) => Answer)): this {
    this.answers.unshift({ match, answer: typeof answer === 'function' ? answer : () => answer });
    return this;
  }

  /** A ready version of a model, with `uri` as the location of its files. */
  model(name: string, version: string, uri: string): this {
    const model_version = { name, version, status: 'READY', run_id: 'f00d', source: uri };
    this.on(/model-versions\/get\?/, { body: { model_version } });
    this.on(/registered-models\/alias/, { body: { model_version } });
    return this.on(/get-download-uri/, { body: { artifact_uri: uri } });
  }

  /** Files of the artifact service, below `root`. */
  files(root: string, files: Readonly<Record<string, string | Uint8Array>>): this {
    const service = '/api/2.0/mlflow-artifacts/artifacts';
    this.on(new RegExp(`artifacts\\?path=${encodeURIComponent(root)}`), (url) => ({
      body: { files: entriesOf(root, files, url.searchParams.get('path') ?? '') },
    }));
    return this.on(new RegExp(`^${service}/${root}/`), ({ pathname }) => {
      const body = files[decodeURIComponent(pathname.slice(service.length + root.length + 2))];
      return body === undefined ? { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } } : { body };
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The content of one folder of a tree, as MLflow lists it. */
function entriesOf(root: string, files: Readonly<Record<string, string | Uint8Array>>, asked: string): object[] {
  const prefix = asked === root ? '' : `${asked.slice(root.length + 1)}/`;
  const entries = new Map<string, object>();
  for (const [path, bytes] of Object.entries(files)) {
    if (!path.startsWith(prefix)) continue;
    const [name = '', ...below] = path.slice(prefix.length).split('/');
    const size = Buffer.from(bytes).length;
    entries.set(name, {
      path: name,
      is_dir: below.length > 0,
      ...(below.length > 0 || size === 0 ? {} : { file_size: size }),
    });
  }
  return [...entries.values()];
}

function bareEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...QUIET };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}

async function answers(port: number, origin: string): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return (
    open &&
    (await fetch(`${origin}/health`).then(
      (response) => response.ok,
      () => false,
    ))
  );
}
