import { closeSync, existsSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssayError, PACKAGE_ROOT } from '../../core/index.ts';
import { FRAME, fields, Jail, type JailLimits, type Python, taskFailure } from '../../sandbox/index.ts';

export interface SandboxedOptions {
  readonly target: 'onnx' | 'safetensors';
  /** The open file of the model; code in it runs. */
  readonly fd: number;
  /** The end of its name tells loaders what it is. */
  readonly name: string;
  /** An empty folder that receives the parts of the result. */
  readonly folder: string;
  readonly python: Python;
  /** Folders with code that the model needs, which Python imports from. */
  readonly code: readonly string[];
  /** Sizes of each input but the first, which is the batch; empty where the model says them itself. */
  readonly shapes: readonly (readonly number[])[];
  readonly limits: JailLimits & { readonly scratchBytes: number; readonly outputBytes: number };
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (bytes: number) => void;
}

/** A model that its own libraries wrote in another format. The program that wrote it ran code of the model: all of it is as hostile. */
export interface Sandboxed {
  /** The parts that are in the folder: `model`, and `inputs` and `outputs` (npz), which are what the model computed in the sandbox. */
  readonly parts: ReadonlySet<Part>;
  /** Versions of Python and of the libraries, as the program says. */
  readonly versions: Readonly<Record<string, string>>;
  readonly tensors: number;
}

const PARTS = ['model', 'inputs', 'outputs'] as const;
type Part = (typeof PARTS)[number];

const SCRIPT = join('src', 'convert', 'sandboxed', 'convert.py');
/** Rows that the model computes in the sandbox, to be compared. */
const ROWS = 16;
const SEED = 20;

/**
 * Converts a model with a Python of the user, in a sandbox: no network, no file but the model and the packages, no second process,
 * bounded memory, time and output.
 * @throws AssayError `not-found` without bubblewrap; `unsupported` what the program says; `limit` naming the bound; `sandbox`; `aborted`
 */
export async function convertSandboxed(options: SandboxedOptions): Promise<Sandboxed> {
  const { target, shapes, python, code, limits, env, signal } = options;
  const script = openSync(scriptPath(), 'r');
  const at = `/model/${options.name.replace(/[^A-Za-z0-9._-]/g, '_').slice(-80)}`;
  let jail: Jail | undefined;
  try {
    jail = new Jail({
      program: python.program,
      args: ['-B', '-u', '/assay/convert.py'],
      folders: [...python.folders, ...code],
      files: [
        { fd: script, at: '/assay/convert.py' },
        { fd: options.fd, at },
      ],
      env: { PYTHONPATH: code.join(':'), PYTHONHASHSEED: '0', OMP_NUM_THREADS: '2' },
      scratchBytes: limits.scratchBytes,
      request: JSON.stringify({ target, path: at, shapes, rows: ROWS, seed: SEED }),
      limits,
      processEnv: env,
      signal,
    });
    return await new Parts(options).receive(jail);
  } finally {
    await jail?.end();
    closeSync(script);
  }
}

function scriptPath(): string {
  const path = join(fileURLToPath(PACKAGE_ROOT), SCRIPT);
  if (existsSync(path)) return path;
  throw new AssayError('internal', 'the program for the sandbox is missing', {
    subject: path,
    hint: 'install assay again',
  });
}

/** Writes the parts that a program sends, which are whatever it likes: no more of them than there are, and no more bytes than allowed. */
class Parts {
  readonly #options: SandboxedOptions;
  readonly #received = new Set<Part>();
  #versions: Readonly<Record<string, string>> = {};
  #tensors = 0;
  #bytes = 0;
  #file: FileHandle | undefined;

  constructor(options: SandboxedOptions) {
    this.#options = options;
  }

  async receive(jail: Jail): Promise<Sandboxed> {
    try {
      for (;;) {
        const frame = await jail.next();
        if (frame.type === FRAME.data) await this.#write(frame.payload);
        else if (frame.type === FRAME.message) await this.#message(fields(frame.json()));
        else if (frame.type === FRAME.fail) throw taskFailure(frame.json());
        else if (frame.type === FRAME.done) break;
        else throw odd('sent an unknown frame');
      }
    } finally {
      await this.#file?.close();
    }
    // Code of the model may send parts itself; a model that comes without what it computed could not be compared.
    const needed = this.#options.target === 'onnx' ? PARTS : (['model'] as const);
    const missing = needed.find((part) => !this.#received.has(part));
    if (missing !== undefined) throw odd(`ended without the ${missing}`);
    return { parts: this.#received, versions: this.#versions, tensors: this.#tensors };
  }

  async #message(message: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#file !== undefined) {
      await this.#file.close();
      this.#file = undefined;
      if (message.end !== undefined) return;
    }
    const part = PARTS.find((one) => one === message.part);
    if (part === undefined || this.#received.has(part)) throw odd('sent an unknown part');
    this.#received.add(part);
    if (part === 'model') {
      this.#versions = versionsOf(message.versions);
      this.#tensors = Number.isSafeInteger(message.tensors) ? Number(message.tensors) : 0;
    }
    this.#file = await open(join(this.#options.folder, part), 'wx', 0o600);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { limits, onBytes } = this.#options;
    this.#bytes += bytes.length;
    if (this.#bytes > limits.outputBytes)
      throw new AssayError('limit', `the program in the sandbox wrote more than ${limits.outputBytes} bytes`);
    if (this.#file === undefined) throw odd('sent bytes of no part');
    await this.#file.writeFile(bytes);
    onBytes?.(bytes.length);
  }
}

const MAX_NAMES = 8;
const MAX_TEXT = 40;

function versionsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(fields(value)).slice(0, MAX_NAMES);
  return Object.fromEntries(
    entries.flatMap(([name, version]) =>
      /^[\w.-]{1,40}$/.test(name) && typeof version === 'string' && /^[\w.+-]*$/.test(version)
        ? [[name, version.slice(0, MAX_TEXT)]]
        : [],
    ),
  );
}

function odd(what: string): AssayError {
  return new AssayError('sandbox', `the program in the sandbox ${what}`);
}
