import { AssayError, type FileBudget } from '../../core/index.ts';
import type { RunnableModel } from '../../formats/arrays/index.ts';
import type { ModelInfo, OnnxModel } from '../../formats/onnx/index.ts';
import type {
  OnnxPlan,
  OnnxReadOptions,
  OnnxSource,
  OutputTolerance,
  PlannedInput,
  PlannedModel,
  PlannedOutput,
} from '../onnx-source/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { rangesOf } from '../verify/index.ts';

export interface PlanOnnxOptions extends OnnxReadOptions {
  /** Properties of the model: its card, the digest of its source, and more. */
  readonly info?: ModelInfo;
}

/** Numbers of 32 bits that are compared with ones of 64. */
const PROBABILITY: Pick<OutputTolerance, 'absolute' | 'relative'> = { absolute: 1e-5, relative: 0 };
const NUMBER: Pick<OutputTolerance, 'absolute' | 'relative'> = { absolute: 1e-5, relative: 1e-5 };

/**
 * Makes the ONNX model of a file: nothing of it runs.
 * @throws AssayError `unsupported` naming the class or function that is not converted; `malformed`, `truncated`, `limit`
 * @example const { model } = await planOnnx({ path: 'model.pkl', source }, SKLEARN, options);
 */
export async function planOnnx(file: InputFile, kind: OnnxSource, options: PlanOnnxOptions): Promise<OnnxPlan> {
  return completePlan(await kind.plan(file, options), options.info);
}

/** A planned model with its properties. */
export function completePlan({ graph, outputs, source, vectoriser }: PlannedModel, info?: ModelInfo): OnnxPlan {
  const about = { 'assay.source.class': source.class, 'assay.source.version': source.version };
  const model = graph.model(infoOf(info, { ...about, 'assay.vectoriser': vectoriser }));
  const tolerances = outputs.map((output) => ({ output: output.name, ...toleranceOf(output) }));
  return { model, inputs: inputsOf(model), outputs, source, vectoriser, tolerances };
}

function infoOf(info: ModelInfo = {}, about: ModelInfo['metadata']): ModelInfo {
  return { converter: 'assay', ...info, metadata: { ...info.metadata, ...about } };
}

function toleranceOf({ role }: PlannedOutput) {
  return role === 'probabilities' || role === 'label' ? PROBABILITY : NUMBER;
}

function inputsOf({ graph }: OnnxModel): PlannedInput[] {
  return graph.inputs.map(({ name, type }) => {
    const element = type?.kind === 'tensor' ? type.element : undefined;
    if (type?.kind !== 'tensor' || (element !== 'float32' && element !== 'int64' && element !== 'string'))
      throw new AssayError('internal', `the input ${name} is neither numbers nor texts`);
    return { name, type: element, shape: (type.shape ?? []).map(({ size }) => size ?? '') };
  });
}

/** What a verification has to know of a planned model. */
export async function runnableModel(
  { model, inputs, outputs, tolerances }: OnnxPlan,
  budget: FileBudget,
): Promise<RunnableModel> {
  const ranges = await rangesOf(model, budget);
  return { inputs: inputs.map((input) => ({ ...input, ranges: ranges.get(input.name) ?? [] })), outputs, tolerances };
}
