import { chunks } from '../../core/bytes/index.ts';
import { type OnnxModel, writeOnnx } from '../../formats/onnx/index.ts';
import type { PlannedFile } from '../plan/index.ts';

export interface WrittenModel extends Pick<PlannedFile, 'path' | 'from' | 'title'> {
  readonly model: OnnxModel;
  /** Bytes of the model's own file, of which more go to a second one: those that the format allows when absent. */
  readonly maxModelBytes?: number;
}

const MAX_STEM = 180;

/** The files of a model: its own, and one with its tensors where it would be too large. */
export function modelFiles({
  path,
  from,
  title,
  model,
  maxModelBytes,
}: WrittenModel): readonly [PlannedFile, ...PlannedFile[]] {
  const slash = path.lastIndexOf('/') + 1;
  const externalName = dataName(path.slice(slash));
  const options = { externalName, ...(maxModelBytes === undefined ? {} : { maxModelBytes }) };
  const { model: bytes, external } = writeOnnx(model, options);
  const common = { from, leftOut: [] };
  const tensors = model.graph.initializers.length;
  const own = { ...common, path, title, tensors, size: bytes.size, pieces: () => chunks(bytes) };
  if (external === undefined) return [own];
  const data = { path: path.slice(0, slash) + externalName, title: `${title}, tensors`, tensors: 0, dataOf: path };
  return [own, { ...common, ...data, size: external.size, pieces: () => chunks(external) }];
}

/** The model names this file: it has to be a plain name on every system. */
function dataName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^[.-]/, '_');
  return `${plain.slice(-MAX_STEM).replace(/^[.-]/, '_')}.data`;
}
