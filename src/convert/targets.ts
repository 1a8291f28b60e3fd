import type { ConversionTarget } from '../core/conversion/index.ts';
import type { ConversionPlan, ConvertibleFile, PlanOptions } from './plan/index.ts';
import { planOnnxFiles } from './to-onnx/index.ts';
import { planSafetensors } from './to-safetensors/index.ts';
import { planSavedModels } from './to-savedmodel/index.ts';

/** What plans a conversion to each format. Adding one is a folder in `convert/` and a line here. */
const PLANS: Readonly<
  Record<ConversionTarget, (files: readonly ConvertibleFile[], options: PlanOptions) => Promise<ConversionPlan>>
> = { safetensors: planSafetensors, onnx: planOnnxFiles, savedmodel: planSavedModels };

/**
 * Reads what is converted, and says what will be written; the numbers of tensors are read when it is.
 * @throws AssayError as `planSafetensors`, `planOnnxFiles` and `planSavedModels` do
 */
export function planConversion(
  target: ConversionTarget,
  files: readonly ConvertibleFile[],
  options: PlanOptions,
): Promise<ConversionPlan> {
  return PLANS[target](files, options);
}
