import { chunks } from '../../core/bytes/index.ts';
import { writeSavedModel } from '../../formats/tensorflow/index.ts';
import { type ConversionPlan, type PlannedFile, type PlanOptions, savedModelName } from '../plan/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { modelFiles, planModels } from '../to-onnx/index.ts';
import { savedModelOf } from './translate/index.ts';

/**
 * Makes a SavedModel of each file that holds a model: a folder with one file, of the ONNX model translated operator by operator. To be
 * verified, the ONNX model is written beside it.
 * @throws AssayError as `planOnnxFiles` does; `unsupported` naming an operator that is not translated
 */
export function planSavedModels(files: readonly InputFile[], options: PlanOptions): Promise<ConversionPlan> {
  return planModels(files, options, async ({ model, ...source }, budget) => {
    const path = savedModelName(source.path);
    const bytes = writeSavedModel(await savedModelOf(model, budget));
    const { from, title } = source;
    const tensors = model.graph.initializers.length;
    const own: PlannedFile = { path, from, title, tensors, leftOut: [], size: bytes.size, pieces: () => chunks(bytes) };
    if (options.verify !== true) return [own];
    const runs = `.verified/${path}.onnx`;
    const graph = modelFiles({ ...source, path: runs, model }).map((file) => ({ ...file, hidden: true as const }));
    return [{ ...own, runs }, ...graph];
  });
}
