import { BOOSTER_FILES } from '../boosters/index.ts';
import { KERAS } from '../keras/index.ts';
import type { OnnxSource } from '../onnx-source/index.ts';
import { SKLEARN } from '../sklearn/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { TORCH_MODULES } from '../torch-modules/index.ts';

/** Every kind of model that is converted to ONNX, those with the clearest mark first. */
export const ONNX_SOURCES: readonly OnnxSource[] = [...BOOSTER_FILES, TORCH_MODULES, KERAS, SKLEARN];

const HEAD_BYTES = 4_096;

/** The kind of model that a file holds; `undefined` when it is none that is converted. */
export async function onnxSourceOf(file: InputFile): Promise<OnnxSource | undefined> {
  const head = await file.source.read(0, Math.min(HEAD_BYTES, file.source.size));
  for (const source of ONNX_SOURCES) if (await source.matches(file, head)) return source;
  return undefined;
}
