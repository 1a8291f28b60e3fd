import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compareGraphs, type GraphComparison } from '../../../src/convert/rebuild/compare/compare.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import type { ExternalSources } from '../../../src/formats/onnx/tensor-data.ts';
import { folderFiles, planFolder } from '../huggingface/plan-folder.ts';

export const GRAPHS = 'fixtures/convert/rebuild';
const FOLDERS = 'fixtures/convert/huggingface';
/** The optimizer was given graphs of this version. */
const OPTIMIZED = '4.57.6';

/** The bytes of an exported model: `4.57.6/BertModel-14`. */
export async function exportedBytes(name: string): Promise<Buffer> {
  return gunzipSync(await readFile(join(GRAPHS, `${name}.onnx.gz`)));
}

/** The folder of a model that was exported. */
export function folderOf(name: string): string {
  const [version = '', file = ''] = name.split('/');
  const model = file.replace(/-(?:\d+|static|half)(?:-basic|-extended)?$/, '');
  return join(FOLDERS, version.startsWith('onnxruntime') ? OPTIMIZED : version, model);
}

/** An exported graph, and the one that is rebuilt from its configuration and weights. */
export async function graphsOf(name: string): Promise<{ readonly shipped: OnnxModel; readonly rebuilt: OnnxModel }> {
  const { plan } = await planFolder(await folderFiles(folderOf(name)));
  const { model } = await readOnnx(new MemorySource(await exportedBytes(name), name));
  return { shipped: model, rebuilt: plan.model };
}

export async function compare(
  shipped: OnnxModel,
  rebuilt: OnnxModel,
  external?: ExternalSources,
  size = 1_000_000,
): Promise<GraphComparison> {
  const budget = new FileBudget(DEFAULT_LIMITS, size);
  try {
    return await compareGraphs(shipped, rebuilt, { budget, external });
  } finally {
    budget.close();
  }
}
