import type { OnnxModel } from '../../formats/onnx/index.ts';
import type { WeightSource } from '../weights/index.ts';
import { conesOf } from './cones.ts';
import { prepareGraph } from './facts.ts';
import { flattened } from './flatten.ts';

/**
 * What each output of a model computes, by its name, as a digest: equal for models that differ in weights and names of other values alone.
 * @throws AssayError as `auditGraph`
 */
export async function structureOf(model: OnnxModel, source: WeightSource): Promise<ReadonlyMap<string, string>> {
  const read = await prepareGraph(flattened(model), source);
  const cones = await conesOf(read, source);
  return new Map(
    model.graph.outputs.map(({ name }, at) => {
      const id = read.graph.outputs[at] ?? -1;
      const maker = read.graph.makers[id];
      return [name, maker === undefined ? '' : `${cones.of(maker)} ${maker.outputs.indexOf(id)}`];
    }),
  );
}
