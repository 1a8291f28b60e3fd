import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.ts';

/** A tensor for the reference implementation. */
export interface OnnxFeed {
  readonly type: 'float32' | 'int64';
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

export interface OnnxTask {
  readonly path: string;
  /** Without them, the model is checked alone. */
  readonly feeds?: Readonly<Record<string, OnnxFeed>>;
}

const SCRIPT = fileURLToPath(new URL('python/onnx_check.py', import.meta.url));

/** What the onnx package says of a model: `{ error }`, or `{ outputs }` of its reference implementation. */
export async function onnxOracle(python: string, task: OnnxTask): Promise<unknown> {
  const ended = await runProgram(python, [SCRIPT], { input: `${JSON.stringify(task)}\n` });
  if (ended.stdout === '') throw new Error(`the onnx package gave no answer: ${ended.stderr}`);
  return JSON.parse(ended.stdout);
}
