import { createHash } from 'node:crypto';
import type { OnnxTensor } from '../../formats/onnx/index.ts';
import { tensorChunks, type WeightSource } from './numbers.ts';

/** The SHA-256 of the elements of a tensor, its type and its sizes: equal however the model keeps them. @throws AssayError as `tensorChunks` */
export async function digestOfTensor(tensor: OnnxTensor, options: WeightSource): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([tensor.type, tensor.dims]));
  for await (const bytes of tensorChunks(tensor, options)) hash.update(bytes);
  return hash.digest('hex');
}
