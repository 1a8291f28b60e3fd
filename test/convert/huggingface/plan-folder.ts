import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HUGGINGFACE } from '../../../src/convert/huggingface/folders.ts';
import type { OnnxPlan } from '../../../src/convert/onnx-source/source.ts';
import type { InputFile } from '../../../src/convert/tensors/format.ts';
import { completePlan } from '../../../src/convert/to-onnx/plan.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';

/** The files of a folder in memory, by their names. */
export async function folderFiles(folder: string): Promise<Map<string, Uint8Array>> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.npz'));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

/** The ONNX model of a folder of Hugging Face. */
export async function planFolder(files: ReadonlyMap<string, Uint8Array>): Promise<{ plan: OnnxPlan; model: Buffer }> {
  const inputs = [...files].map(([path, bytes]): InputFile => ({ path, source: new MemorySource(bytes, path) }));
  const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  return await withReadOptions(size, {}, async (options) => {
    const [folder, ...more] = await HUGGINGFACE.find(inputs);
    if (folder === undefined || more.length > 0) throw new Error(`${more.length + 1} models`);
    const plan = completePlan(await folder.plan(options));
    const { model } = writeOnnx(plan.model, { externalName: 'model.data' });
    return { plan, model: Buffer.from(await model.read(0, model.size)) };
  });
}
