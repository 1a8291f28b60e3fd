import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportedBytes, folderOf } from '../../../convert/rebuild/shipped.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const root = tempFolder();

/** A folder of one model, with what was exported of another one of the same architecture, or of itself. */
async function folderWith(name: string, exported: string): Promise<string> {
  const folder = join(root, name.replaceAll('/', '-') + exported.replaceAll('/', '-'));
  await mkdir(folder, { recursive: true });
  for (const file of ['config.json', 'model.safetensors']) await cp(join(folderOf(name), file), join(folder, file));
  await writeFile(join(folder, 'model.onnx'), await exportedBytes(exported));
  return folder;
}

test.each<[string, string, string, string[], number]>([
  ['its own export', '4.57.6/ViTModel-17', '4.57.6/ViTModel-17', ['--rebuild'], 0],
  ['the export of another one', '4.57.6/LlamaForCausalLM-14', '4.57.6/llama3-14', ['--rebuild'], 1],
  ['the export of another one, which is not asked about', '4.57.6/LlamaForCausalLM-14', '4.57.6/llama3-14', [], 0],
])('assay scan of %s', async (_, name, exported, flags, code) => {
  const ran = await runCli(['scan', await folderWith(name, exported), '--format', 'json', ...flags]);
  expect([ran.code, ran.stderr]).toEqual([code, '']);
  const { checks, decision } = JSON.parse(ran.stdout);
  const status = checks.find(({ id }: { id: string }) => id === 'conversion.rebuild')?.status;
  expect(status).toBe(flags.length === 0 ? undefined : code === 0 ? 'pass' : 'fail');
  if (code === 1) expect(decision.violations).toMatchObject([{ rule: 'conversion.rebuild' }]);
});
