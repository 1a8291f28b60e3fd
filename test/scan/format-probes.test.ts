import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { fixtureFiles, scanBytes } from '../support/scan-bytes.ts';
import { scanDeep } from '../support/scan-deep.ts';

interface Probe {
  readonly id: string;
  readonly file: string;
  readonly expected: string;
}

const FOLDER = 'fixtures/format-probes';
const files = fixtureFiles(FOLDER);
const truth: readonly Probe[] = JSON.parse(readFileSync(`${FOLDER}/truth.json`, 'utf8'));

/** Probes whose verdict is the expected one; no scanner judges the content of the others yet. */
const JUDGED =
  /^(?:st-|onnx-|gguf-(?:ok|nkv|strlen|tensor|ssti|loop)|hydra-|yaml-python|openvino|trt-|llamafile|repo-(?:ok|pth|chat-template|processor|requirements)|xgb-json-ok|flax-ext|pmml-xxe|h5-|tf-(?!keras-metadata\/model\/keras))/;

async function scan(file: string) {
  const bytes = files.get(file);
  if (bytes === undefined) throw new Error(`${FOLDER}/${file} is missing`);
  return scanBytes(bytes, file, SCANNERS);
}

/** Archives, which are judged with their members, and a folder of which one file is judged. */
const WITH_MEMBERS = /^(?:keras-|skops-|rds-|h2o-|nemo-)|keras_metadata\.pb$/;

describe('the format probe', () => {
  it.each(truth.filter(({ file }) => WITH_MEMBERS.test(file)))('$file is $expected', async ({ file, expected }) => {
    const bytes = files.get(file);
    if (bytes === undefined) throw new Error(`${FOLDER}/${file} is missing`);
    expect((await scanDeep(bytes, file)).verdict).toBe(expected);
  });

  it.each(truth.filter(({ file }) => JUDGED.test(file) && !WITH_MEMBERS.test(file)))(
    '$file is $expected',
    async ({ file, expected }) => {
      expect((await scan(file)).verdict).toBe(expected);
    },
  );

  it.each(truth.filter(({ file }) => !JUDGED.test(file) && !WITH_MEMBERS.test(file)))(
    '$file is not assessed yet, and names the check',
    async ({ file }) => {
      const { verdict, context } = await scan(file);
      expect(verdict).toBe('not-assessed');
      expect(context.checks.length).toBeGreaterThan(0);
      for (const check of context.checks)
        expect(check).toMatchObject({ status: 'not-assessed', id: expect.stringMatching(/^format\.[a-z0-9.-]+$/) });
    },
  );

  it('of an attack is never clean', async () => {
    for (const { file, expected } of truth) {
      if (expected !== 'clean' && !WITH_MEMBERS.test(file)) expect((await scan(file)).verdict, file).not.toBe('clean');
    }
  });
});
