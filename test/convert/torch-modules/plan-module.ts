import type { OnnxPlan } from '../../../src/convert/onnx-source/source.ts';
import { planOnnx } from '../../../src/convert/to-onnx/plan.ts';
import { TORCH_MODULES } from '../../../src/convert/torch-modules/source.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';

/** The ONNX model of a module in memory. */
export async function planModule(
  path: string,
  bytes: Uint8Array,
  inputShape?: readonly number[],
): Promise<{ plan: OnnxPlan; model: Buffer }> {
  return await withReadOptions(bytes.length, {}, async (options) => {
    const file = { path, source: new MemorySource(bytes, path) };
    const plan = await planOnnx(file, TORCH_MODULES, { ...options, inputShape });
    const { model } = writeOnnx(plan.model, { externalName: 'model.data' });
    return { plan, model: Buffer.from(await model.read(0, model.size)) };
  });
}
