import { BOOSTER_FILES } from '../boosters/index.ts';
import { EXPORTED_PROGRAM } from '../exported/index.ts';
import { HUGGINGFACE } from '../huggingface/index.ts';
import { KERAS } from '../keras/index.ts';
import type { OnnxFolder, OnnxFolderSource, OnnxSource } from '../onnx-source/index.ts';
import { SKLEARN } from '../sklearn/index.ts';
import { FROZEN_GRAPH, SAVED_MODELS } from '../tensorflow/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { TORCH_MODULES } from '../torch-modules/index.ts';
import { TORCHSCRIPT_MODELS } from '../torchscript/index.ts';

/** Every kind of model that is converted to ONNX, those with the clearest mark first. */
export const ONNX_SOURCES: readonly OnnxSource[] = [
  ...BOOSTER_FILES,
  TORCHSCRIPT_MODELS,
  EXPORTED_PROGRAM,
  TORCH_MODULES,
  KERAS,
  SKLEARN,
  FROZEN_GRAPH,
];

/** Every kind of model that is a folder. */
const FOLDER_SOURCES: readonly OnnxFolderSource[] = [HUGGINGFACE, SAVED_MODELS];

const HEAD_BYTES = 4_096;

/** The kind of model that a file holds; `undefined` when it is none that is converted. */
export async function onnxSourceOf(file: InputFile): Promise<OnnxSource | undefined> {
  const head = await file.source.read(0, Math.min(HEAD_BYTES, file.source.size));
  for (const source of ONNX_SOURCES) if (await source.matches(file, head)) return source;
  return undefined;
}

/** The models among some files that are more than one file, and the files that are left. */
export async function onnxFoldersOf(
  files: readonly InputFile[],
): Promise<{ readonly folders: readonly OnnxFolder[]; readonly others: readonly InputFile[] }> {
  const folders: OnnxFolder[] = [];
  for (const source of FOLDER_SOURCES) folders.push(...(await source.find(files)));
  const taken = new Set(folders.flatMap((folder) => folder.files));
  return { folders, others: files.filter((file) => !taken.has(file)) };
}
