import type { ByteSource } from '../../core/bytes/index.ts';
import type { OnnxFolder, OnnxFolderSource, OnnxSource } from '../onnx-source/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { planFrozenGraph, planTensorflowFolder, tensorflowKind } from './source.ts';

const HEAD_BYTES = 4_096;
const GRAPH = /^(?:(.*)\/)?saved_model\.pb$/;
const VARIABLES = /^variables\/(variables\.(?:index|data-\d{5}-of-\d{5}))$/;

/** A SavedModel: `saved_model.pb`, with its folder `variables` beside it. */
export const SAVED_MODELS: OnnxFolderSource = {
  id: 'tensorflow',
  title: 'SavedModel of TensorFlow',
  async find(files: readonly InputFile[]): Promise<readonly OnnxFolder[]> {
    const found: OnnxFolder[] = [];
    for (const file of files) {
      const match = GRAPH.exec(file.path);
      if (match === null || (await kindOf(file)) !== 'saved-model') continue;
      found.push(folderOf(file, match[1], files));
    }
    return found;
  },
};

function folderOf(graph: InputFile, folder: string | undefined, files: readonly InputFile[]): OnnxFolder {
  const prefix = folder === undefined ? '' : `${folder}/`;
  const variables = new Map<string, ByteSource>();
  const own = [graph];
  for (const file of files) {
    const name = file.path.startsWith(prefix) ? VARIABLES.exec(file.path.slice(prefix.length))?.[1] : undefined;
    if (name === undefined) continue;
    variables.set(name, file.source);
    own.push(file);
  }
  return {
    path: folder ?? 'model',
    files: own,
    plan: (options) => planTensorflowFolder(graph, variables, options),
  };
}

/** A frozen graph, as a file. */
export const FROZEN_GRAPH: OnnxSource = {
  id: 'tensorflow-graph',
  title: 'graph of TensorFlow',
  async matches({ source }: InputFile, head: Uint8Array): Promise<boolean> {
    return tensorflowKind(head, source.size) === 'graph';
  },
  plan: planFrozenGraph,
};

async function kindOf({ source }: InputFile) {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  return tensorflowKind(head, source.size);
}
