import type { OnnxPlan, OnnxSource } from '../../../src/convert/onnx-source/source.ts';
import { planOnnx } from '../../../src/convert/to-onnx/plan.ts';
import { TORCHSCRIPT_MODELS } from '../../../src/convert/torchscript/source.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import type { Limits } from '../../../src/core/limits.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';

export interface PlanScriptOptions {
  readonly inputShape?: readonly number[] | undefined;
  readonly limits?: Partial<Limits>;
  readonly source?: OnnxSource;
}

/** The ONNX model of a program in memory. */
export async function planScript(
  path: string,
  bytes: Uint8Array,
  { inputShape, limits = {}, source: kind = TORCHSCRIPT_MODELS }: PlanScriptOptions = {},
): Promise<{ plan: OnnxPlan; model: Buffer }> {
  return await withReadOptions(bytes.length, { limits }, async (options) => {
    const file = { path, source: new MemorySource(bytes, path) };
    const plan = await planOnnx(file, kind, { ...options, inputShape });
    const { model } = writeOnnx(plan.model, { externalName: 'model.data' });
    return { plan, model: Buffer.from(await model.read(0, model.size)) };
  });
}
