import { combinedTensors, pirNames, programNames } from '../paddle/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { byPath, type ShardedCheckpoint } from './form.ts';

const PARAMETERS = /\.pdiparams$/i;

/** The parameters of inference models, whose names are in the program beside them. */
export function paddleInference(files: readonly InputFile[]): ShardedCheckpoint[] {
  const paths = byPath(files);
  const found: ShardedCheckpoint[] = [];
  for (const parameters of files) {
    if (!PARAMETERS.test(parameters.path)) continue;
    const stem = parameters.path.replace(PARAMETERS, '');
    const old = paths.get(`${stem}.pdmodel`);
    const program = old ?? paths.get(`${stem}.json`);
    if (program === undefined) continue;
    const info = paths.get(`${parameters.path}.info`);
    found.push({
      id: 'paddle-inference',
      title: 'PaddlePaddle inference model',
      framework: 'paddle',
      files: [parameters, program, ...(info === undefined ? [] : [info])],
      async read(options) {
        const names = old === undefined ? await pirNames(program.source) : await programNames(program.source, options);
        const set = await combinedTensors(parameters, names, options);
        return { outputs: [{ path: `${stem}.safetensors`, from: [parameters.path], set }] };
      },
    });
  }
  return found;
}
