import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Interpreter, jailed, jailedNode } from './jail.ts';

/** What loading one model did. */
export interface OnnxLoad {
  /** `loaded`, an error, or the signal that ended the process. */
  readonly end: string;
  readonly crashed: boolean;
  /** Files outside of the model's folder that were read. */
  readonly outside: readonly string[];
}

export interface OnnxToLoad {
  readonly model: Uint8Array;
  /** A file outside that the worker itself reads, to show that this is seen. */
  readonly control?: string;
}

const MODULES = realpathSync(fileURLToPath(new URL('../../node_modules', import.meta.url)));

/** Loads models in ONNX Runtime, in a jail. A model that ends the process costs its own load alone. */
export function loadOnnx(models: readonly OnnxToLoad[]): OnnxLoad[] {
  const loads: OnnxLoad[] = [];
  while (loads.length < models.length) {
    const rest = models.slice(loads.length);
    const input = rest.map(({ model, control }, id) =>
      JSON.stringify({ id, model: Buffer.from(model).toString('base64'), control }),
    );
    const { program, args } = jailedNode('onnx-worker.mjs', MODULES);
    const run = spawnSync(program, args, { input: `${input.join('\n')}\n`, maxBuffer: 2 ** 28 });
    const before = loads.length;
    const lines = run.stdout
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    let open = false;
    for (const line of lines) {
      const answer = JSON.parse(line) as { end?: string; outside?: string[] };
      open = answer.end === undefined;
      if (answer.end !== undefined) loads.push({ end: answer.end, crashed: false, outside: answer.outside ?? [] });
    }
    if (open) loads.push({ end: String(run.signal ?? run.status), crashed: true, outside: [] });
    if (loads.length === before) throw new Error(`the jail did not load a model: ${run.status} ${run.stderr}`);
  }
  return loads;
}

/** Loads models by the loaders of Python. */
export function loadOnnxInPython(interpreter: Interpreter, models: readonly OnnxToLoad[]): OnnxLoad[] {
  const input = models.map(({ model, control }) =>
    JSON.stringify({ model: Buffer.from(model).toString('base64'), control }),
  );
  const { program, args } = jailed(interpreter, 'onnx_worker.py');
  const run = spawnSync(program, args, { input: `${input.join('\n')}\n`, maxBuffer: 2 ** 28 });
  const lines = run.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length !== models.length)
    throw new Error(`the jail loaded ${lines.length} models: ${run.status} ${run.stderr}`);
  return lines.map((line) => JSON.parse(line) as OnnxLoad);
}
