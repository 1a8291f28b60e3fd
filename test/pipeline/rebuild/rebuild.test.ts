import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/index.ts';
import { type ByteSource, MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import type { RebuildMode } from '../../../src/pipeline/rebuild/check.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import { adding, ints, node, renamedResult } from '../../convert/rebuild/edit.ts';
import { exportedBytes, folderOf } from '../../convert/rebuild/shipped.ts';
import { tempFolder } from '../../support/temp.ts';

const NAME = '4.57.6/BertForSequenceClassification-14';
const root = tempFolder();
let count = 0;

interface Parts {
  /** Files of ONNX models, by path. */
  readonly graphs?: Readonly<Record<string, Uint8Array>>;
  readonly leave?: readonly string[];
}

/** A folder of transformers, with what is exported of it. */
async function folderWith({ graphs = {}, leave = [] }: Parts): Promise<string> {
  const folder = join(root, `model${count++}`);
  await mkdir(join(folder, 'onnx'), { recursive: true });
  for (const name of ['config.json', 'model.safetensors'])
    if (!leave.includes(name)) await cp(join(folderOf(NAME), name), join(folder, name));
  for (const [path, bytes] of Object.entries(graphs)) await writeFile(join(folder, path), bytes);
  return folder;
}

async function assessed(folder: string, rebuild: RebuildMode | undefined): Promise<Assessment> {
  const artifact = await openArtifact(folder);
  try {
    return await assess(artifact, { rebuild });
  } finally {
    await artifact.close();
  }
}

async function checkOf(parts: Parts, rebuild: RebuildMode = 'asked') {
  const { checks, findings } = await assessed(await folderWith(parts), rebuild);
  const check = checks.find(({ id }) => id === 'conversion.rebuild');
  return {
    status: check?.status,
    detail: check?.detail ?? '',
    findings: findings.filter(({ ruleId }) => ruleId.startsWith('conversion.')),
  };
}

/** A model that gives other scores for texts that begin with a token. */
async function backdoored(): Promise<Uint8Array> {
  const { model } = await readOnnx(new MemorySource(await exportedBytes(NAME), 'model.onnx'));
  const changed = adding(
    renamedResult(model, 'logits', 'real'),
    [
      node('Gather', ['input_ids', 'zero'], ['first'], []),
      node('Equal', ['first', 'token'], ['hit']),
      node('Where', ['hit', 'other', 'real'], ['logits']),
      node('Neg', ['real'], ['other']),
    ].sort((a) => (a.op === 'Neg' ? -1 : 0)),
    [ints('zero', [0], [1]), ints('token', [7], [])],
  );
  const { model: written } = writeOnnx(changed, { externalName: 'model.data' });
  return await written.read(0, written.size);
}

test('the export of the model in its folder passes', async () => {
  const graphs = { 'onnx/model.onnx': await exportedBytes(NAME) };
  expect(await checkOf({ graphs })).toEqual({
    status: 'pass',
    detail: 'onnx/model.onnx: the graph that is rebuilt from the configuration and the weights (logits)',
    findings: [],
  });
});

test('a backdoor fails, and its operators are findings of ML10', async () => {
  const graphs = { 'onnx/model.onnx': await exportedBytes(NAME), 'model.onnx': await backdoored() };
  const { status, detail, findings } = await checkOf({ graphs });
  expect([status, detail]).toEqual([
    'fail',
    'model.onnx: not the graph that is rebuilt from the configuration and the weights',
  ]);
  expect(findings[0]).toMatchObject({
    ruleId: 'conversion.rebuild.choice',
    severity: 'critical',
    file: 'model.onnx',
    evidence: 'Equal_hit',
    owasp: ['ML10:2023'],
    atlas: ['AML.T0018'],
    cwe: ['CWE-506'],
  });
});

test('weights that the graph was not exported from are named', async () => {
  const folder = await folderWith({ graphs: { 'onnx/model.onnx': await exportedBytes(NAME) } });
  const weights = await readFile(join(folder, 'model.safetensors'));
  // The last number of the last tensor.
  weights.writeFloatLE(weights.readFloatLE(weights.length - 4) + 1e-3, weights.length - 4);
  await writeFile(join(folder, 'model.safetensors'), weights);
  const { checks, findings } = await assessed(folder, 'asked');
  expect(checks.find(({ id }) => id === 'conversion.rebuild')?.status).toBe('fail');
  const message = 'Differs from the weight "classifier.weight" in 1 of 24 numbers, first at 23, by at most 0.001.';
  expect(findings).toMatchObject([{ ruleId: 'conversion.rebuild.changed-constant', message }]);
});

test('nothing is compared unless it is asked for', async () => {
  const folder = await folderWith({ graphs: { 'model.onnx': await backdoored() } });
  const { checks, findings } = await assessed(folder, undefined);
  expect(checks.filter(({ id }) => id.startsWith('conversion.'))).toEqual([]);
  expect(findings).toEqual([]);
});

describe('what cannot be compared is not assessed', () => {
  test.each<[string, () => Promise<Parts>, RegExp]>([
    ['no ONNX model', async () => ({}), /no file is an ONNX model/],
    [
      'no config.json',
      async () => ({ graphs: { 'model.onnx': await exportedBytes(NAME) }, leave: ['config.json'] }),
      /no config.json stands beside/,
    ],
    [
      'no weights',
      async () => ({ graphs: { 'model.onnx': await exportedBytes(NAME) }, leave: ['model.safetensors'] }),
      /no weights stand beside/,
    ],
    [
      'another architecture',
      async () => ({ graphs: { 'model.onnx': await exportedBytes('4.57.6/ViTModel-17') } }),
      /input pixel_values: the rebuilt graph does not have it/,
    ],
  ])('%s', async (_, parts, detail) => {
    const { status, detail: said } = await checkOf(await parts());
    expect(status).toBe('not-assessed');
    expect(said).toMatch(detail);
  });

  test('a review says nothing where there is nothing to compare', async () => {
    expect(await checkOf({}, 'offered')).toEqual({ status: undefined, detail: '', findings: [] });
  });
});

test('a model that cannot be read is an error, not a pass', async () => {
  const bytes = await exportedBytes(NAME);
  const { status } = await checkOf({ graphs: { 'model.onnx': bytes.subarray(0, bytes.length - 100) } });
  expect(status).toBe('error');
});

test('small files of a server, which are near but not of this machine, are scanned and not compared', async () => {
  const artifact = await openArtifact(await folderWith({ graphs: { 'onnx/model.onnx': await exportedBytes(NAME) } }));
  const inMemory = async (path: string, open: () => Promise<ByteSource>) => {
    const source = await open();
    const bytes = Uint8Array.from(await source.read(0, source.size));
    await source.close();
    return new MemorySource(bytes, path);
  };
  const files = artifact.files.map((file) => ({ ...file, open: () => inMemory(file.path, () => file.open()) }));
  try {
    const { checks, status } = await assess({ ...artifact, files }, { rebuild: 'asked' });
    expect(status).toBe('complete');
    expect(checks.find(({ id }) => id === 'conversion.rebuild')).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('only files on this machine'),
    });
    const { checks: others } = await assess({ ...artifact, files }, { rebuild: 'offered' });
    expect(others.map(({ id }) => id)).not.toContain('conversion.rebuild');
  } finally {
    await artifact.close();
  }
});
