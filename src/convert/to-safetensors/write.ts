import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeSafetensors } from '../safetensors/index.ts';
import type { ConversionPlan } from './plan.ts';

export interface PlanWriteOptions {
  readonly signal: AbortSignal | undefined;
  /** Called for each piece that was written. */
  readonly onBytes?: (path: string, bytes: number) => void;
}

/**
 * Writes every file of a plan into a folder that is empty.
 * @throws AssayError what `writeSafetensors` throws. Files may be incomplete then: the caller removes the folder
 */
export async function writePlan(plan: ConversionPlan, folder: string, options: PlanWriteOptions): Promise<void> {
  for (const { path, layout } of plan.files) {
    const target = join(folder, ...path.split('/'));
    await mkdir(dirname(target), { recursive: true });
    await writeSafetensors(target, layout, {
      signal: options.signal,
      onBytes: (bytes) => options.onBytes?.(path, bytes),
    });
  }
  for (const { path, text } of plan.indexes)
    await writeFile(join(folder, ...path.split('/')), text, { flag: 'wx', mode: 0o644 });
}
