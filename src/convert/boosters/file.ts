import { AssayError, isContentError } from '../../core/index.ts';
import { type BoosterLibrary, type BoosterModels, readBoosterModel } from '../../formats/boosters/index.ts';
import type { Format } from '../../formats/index.ts';
import type { GraphValue } from '../../formats/onnx/index.ts';
import type { OnnxSource } from '../onnx-source/index.ts';
import { GraphOutputs, Operators, type Prediction } from '../operators/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';
import { type BoosterOwner, fileOwner } from './owner.ts';

export interface BoosterFile<L extends BoosterLibrary> {
  readonly library: L;
  readonly title: string;
  /** What the metadata name as the class of the model. */
  readonly class: string;
  readonly formats: readonly Format[];
  readonly features: (model: BoosterModels[L]) => number;
  readonly version: (model: BoosterModels[L]) => string | undefined;
  /** @param x the features, in the type of computation */
  readonly predict: (ops: Operators, model: BoosterModels[L], x: GraphValue, owner: BoosterOwner) => Prediction;
}

/** A file in the own format of a library. */
export function boosterFile<L extends BoosterLibrary>(kind: BoosterFile<L>): OnnxSource {
  return {
    id: kind.library,
    title: kind.title,
    matches: ({ source }, head) =>
      kind.formats.some((format) => format.identify({ head, tail: head, size: source.size })),
    async plan(file, options) {
      const owner = fileOwner(kind.class, file.path);
      const model = await read(kind, file, options);
      const width = kind.features(model);
      if (width === 0) throw owner.broken('it has 0 features');
      const ops = new Operators(options.budget);
      const x = ops.graph.input('X', 'float32', ['batch', width]);
      const outputs = new GraphOutputs(ops);
      outputs.prediction(kind.predict(ops, model, ops.cast(x, ops.precision), owner));
      const source = { class: kind.class, library: kind.library, version: kind.version(model) };
      return { graph: ops.graph, outputs: outputs.list, source };
    },
  };
}

async function read<L extends BoosterLibrary>(
  { library }: BoosterFile<L>,
  { path, source }: InputFile,
  { budget }: TensorReadOptions,
): Promise<BoosterModels[L]> {
  try {
    return await readBoosterModel(library, source, budget);
  } catch (error) {
    if (!isContentError(error)) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    throw new AssayError(error.code, error.message, { subject: path, cause: error, ...place });
  }
}
