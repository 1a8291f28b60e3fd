import { type RunTensor, type TensorHead, tensorPayload } from '../tensors.ts';
import type { TaskIo } from './task-io.ts';

/** Sends a tensor to the parent, which reads it with `giveTensors`. */
export function giveTensor(io: TaskIo, name: string, tensor: RunTensor): void {
  const payload = tensorPayload(tensor);
  const head: TensorHead = { name, type: tensor.type, dims: tensor.dims, bytes: payload.length };
  io.message({ tensor: head });
  io.write(payload);
}
