import { fileURLToPath } from 'node:url';
import { findPython } from './parts.ts';
import { canImport, runProgram } from './run-program.ts';

/** The values of a tensor: texts, or the little-endian bytes of numbers in base64. */
interface WireTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly texts?: readonly string[];
  readonly data?: string;
}

/** A tensor that a SavedModel is given, or gives. */
export interface TensorflowTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: readonly (number | string)[];
}

export interface SavedModelTask {
  readonly folder: string;
  readonly feeds: Readonly<Record<string, TensorflowTensor>>;
}

export type SavedModelAnswer = { readonly outputs: ReadonlyMap<string, TensorflowTensor> } | { readonly error: string };

const SCRIPT = fileURLToPath(new URL('python/saved_models.py', import.meta.url));
export const HOW_TENSORFLOW = '.venv/bin/pip install -r fixtures/python/requirements-ci.txt';

/** A Python that has TensorFlow, if there is one. */
export async function findTensorflow(): Promise<string | undefined> {
  const python = findPython();
  return (await canImport(python, 'tensorflow')) ? python : undefined;
}

/** Loads and runs SavedModels with TensorFlow, all in one process. */
export async function runSavedModels(python: string, tasks: readonly SavedModelTask[]): Promise<SavedModelAnswer[]> {
  const lines = tasks.map(({ folder, feeds }) => {
    const wire = Object.entries(feeds).map(([name, tensor]) => [name, toWire(tensor)]);
    return `${JSON.stringify({ folder, feeds: Object.fromEntries(wire) })}\n`;
  });
  const ended = await runProgram(python, [SCRIPT], { input: lines.join('') });
  const answers = ended.stdout.split('\n').filter((line) => line !== '');
  if (answers.length !== tasks.length)
    throw new Error(`TensorFlow gave ${answers.length} answers for ${tasks.length} models: ${ended.stderr}`);
  return answers.map((line) => {
    const answer: { outputs?: Record<string, WireTensor>; error?: string } = JSON.parse(line);
    if (answer.outputs === undefined) return { error: answer.error ?? '' };
    return { outputs: new Map(Object.entries(answer.outputs).map(([name, tensor]) => [name, fromWire(tensor)])) };
  });
}

const ARRAYS: Readonly<Record<string, (buffer: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  bool: (buffer) => new Uint8Array(buffer),
};

function fromWire({ type, dims, texts, data = '' }: WireTensor): TensorflowTensor {
  if (texts !== undefined) return { type, dims, data: texts };
  const bytes = Buffer.from(data, 'base64');
  const view = ARRAYS[type];
  if (view === undefined) throw new Error(`a result of type ${type}`);
  const buffer = new ArrayBuffer(bytes.length);
  bytes.copy(new Uint8Array(buffer));
  return { type, dims, data: Array.from(view(buffer), Number) };
}

function toWire({ type, dims, data }: TensorflowTensor): WireTensor {
  if (type === 'string') return { type, dims, texts: data.map(String) };
  const numbers = data.map(Number);
  const array =
    type === 'int64'
      ? BigInt64Array.from(numbers, BigInt)
      : type === 'float32'
        ? Float32Array.from(numbers)
        : Float64Array.from(numbers);
  const name = type === 'int64' ? 'int64' : type === 'float32' ? 'float32' : 'float64';
  return { type: name, dims, data: Buffer.from(array.buffer).toString('base64') };
}
