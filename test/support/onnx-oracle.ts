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
  const [answer] = await onnxAnswers(python, [task]);
  return answer;
}

/** The same for many models, in one process. */
export async function onnxAnswers(python: string, tasks: readonly OnnxTask[]): Promise<readonly unknown[]> {
  const lines = tasks.map((task) => `${JSON.stringify(task)}\n`);
  const ended = await runProgram(python, [SCRIPT], { input: lines.join('') });
  const answers = ended.stdout.split('\n').filter((line) => line !== '');
  if (answers.length !== tasks.length) throw new Error(`the onnx package stopped: ${ended.stderr}`);
  return answers.map((line): unknown => JSON.parse(line));
}

/** What the onnx package says of many models, in their order: nothing, or what is wrong. */
export async function checkOnnxModels(
  python: string,
  paths: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const lines = paths.map((path) => JSON.stringify({ path }));
  const ended = await runProgram(python, [SCRIPT], { input: `${lines.join('\n')}\n` });
  const answers = ended.stdout.trimEnd().split('\n');
  if (answers.length !== paths.length) throw new Error(`the onnx package stopped: ${ended.stderr}`);
  return answers.map((line) => {
    const answer: { readonly error?: string } = JSON.parse(line);
    return answer.error;
  });
}
