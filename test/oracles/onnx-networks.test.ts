import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { writeOnnx } from '../../src/formats/onnx/write/write.ts';
import { type OnnxFeed, onnxAnswers } from '../support/onnx-oracle.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { canImport } from '../support/run-program.ts';
import { tempFolder } from '../support/temp.ts';
import { farNumbers, NETWORK_CASES, type NetworkRun } from './networks/cases.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
/** Models that the onnx package looks at here alone. */
const CHECKED = [/^tensorflow\//, /^torchvision\//];
/** Those that its reference implementation runs, in Python: small ones, of each source. */
const RUN = [
  /^tensorflow\//,
  /^torchvision\/(?:squeezenet|mobilenet_v2)/,
  /^keras\/(?:2\.15\.0|3\.15\.1)\/(?:dense|digits-cnn|merges|residual|transformer)\./,
  /^torch-modules\/2\.6\.0\/(?:digits-\w+|conv1d|encoder)\.pt$/,
  /^torchscript\/2\.6\.0\/\w+-(?:cnn|mlp|encoder)/,
  /^exported\/2\.6\.0\/\w+-(?:cnn|mlp|encoder)/,
  /^huggingface\/4\.57\.6\/(?:BertModel|DistilBertModel|GPT2Model|ViTModel|LlamaForCausalLM)$/,
];

const isOneOf = (list: readonly RegExp[], name: string) => list.some((one) => one.test(name));
const cases = NETWORK_CASES.filter(({ name }) => isOneOf([...CHECKED, ...RUN], name));
const python = findPython();

test.each([...CHECKED, ...RUN])('there are networks of %s', (family) => {
  expect(cases.filter(({ name }) => family.test(name))).not.toEqual([]);
});

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'networks in the onnx package', () => {
  const root = tempFolder();
  const ran = new Map<string, { readonly run: NetworkRun; readonly answer: unknown }>();

  beforeAll(async () => {
    const runs = await Promise.all(cases.map(({ run }) => run()));
    const tasks = await Promise.all(
      runs.map(async (run, index) => {
        const path = join(root, `${index}.onnx`);
        writeFileSync(path, await written(run.model));
        return { path, ...(isOneOf(RUN, cases[index]?.name ?? '') ? { feeds: feedsOf(run) } : {}) };
      }),
    );
    const answers = await onnxAnswers(python ?? '', tasks);
    for (const [index, run] of runs.entries()) ran.set(cases[index]?.name ?? '', { run, answer: answers[index] });
  });

  describe('are accepted, and compute what their framework did', () => {
    test.each(cases.map(({ name }) => name))('%s', (name) => {
      const one = ran.get(name);
      if (one === undefined) throw new Error('the onnx package gave no answer');
      const { run, answer } = one;
      if (!isOneOf(RUN, name)) {
        expect(answer).toEqual({ outputs: {} });
        return;
      }
      const outputs = outputsOf(answer);
      expect([...outputs.keys()].sort()).toEqual([...run.expected.keys()].sort());
      for (const [output, wanted] of run.expected) {
        const data = [outputs.get(output)].flat(Number.POSITIVE_INFINITY);
        const far = farNumbers({ dims: wanted.shape, data }, wanted, run.mask);
        expect({ output, count: data.length, far }).toEqual({ output, count: wanted.numbers.length, far: [] });
      }
    });
  });
});

async function written(model: OnnxModel): Promise<Buffer> {
  const { model: source } = writeOnnx(model, { externalName: 'model.data' });
  return Buffer.from(await source.read(0, source.size));
}

function feedsOf({ model, feeds }: NetworkRun): Record<string, OnnxFeed> {
  return Object.fromEntries(
    model.graph.inputs.flatMap(({ name, type }) => {
      const given = feeds.get(name);
      if (given === undefined || type?.kind !== 'tensor') return [];
      const element = type.element === 'int64' ? 'int64' : 'float32';
      return [[name, { type: element, dims: given.shape, values: given.numbers } satisfies OnnxFeed]];
    }),
  );
}

function outputsOf(answer: unknown): Map<string, unknown> {
  if (typeof answer === 'object' && answer !== null && 'outputs' in answer && typeof answer.outputs === 'object')
    return new Map(Object.entries(answer.outputs ?? {}));
  throw new Error(JSON.stringify(answer));
}
