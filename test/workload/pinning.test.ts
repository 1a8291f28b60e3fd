import { describe, expect, it } from 'vitest';
import { elsewhereOf, pinningsOf } from '../../src/workload/index.ts';
import { PROGRAMS } from '../../src/workload/table/programs.ts';

describe('the syntax of a revision', () => {
  const added = PROGRAMS.flatMap(({ id, takes, env, adds = {} }) =>
    Object.entries(adds).flatMap(([attribute, { argument, variable }]) => [
      ...(argument === undefined
        ? []
        : [{ id, attribute, name: argument, means: takes[argument.replaceAll('_', '-')] }]),
      ...(variable === undefined ? [] : [{ id, attribute, name: variable, means: env[variable] }]),
    ]),
  );

  it.each(added)('of $id uses $name, which the reader reads as the same setting', ({ attribute, means }) => {
    expect(means).toEqual({ sets: attribute });
  });

  it('is within the reference for some kinds, and beside it for others', () => {
    expect(pinningsOf('isvc-storage-uri', 'model')).toEqual([{ kind: 'within', spelled: 'colon' }]);
    expect(pinningsOf('kserve-sourceuri', 'model')).toEqual([{ kind: 'within', spelled: 'colon' }]);
    expect(pinningsOf('ome-model', 'model')).toEqual([{ kind: 'within', spelled: 'at' }]);
    expect(pinningsOf('nimcache-hf', 'model')).toEqual([{ kind: 'property', name: 'revision' }]);
    expect(pinningsOf('hf-toolkit', 'model')).toEqual([
      { kind: 'beside', arguments: [], variables: ['HF_MODEL_REVISION', 'HF_REVISION'], adds: {} },
    ]);
  });

  it('is unknown for adapters, for other kinds and for references by scheme', () => {
    expect(pinningsOf('vllm', 'lora')).toEqual([]);
    expect(pinningsOf('kubeai-url', 'model')).toEqual([]);
    expect(pinningsOf('scheme', 'model')).toEqual([]);
  });
});

describe('an option that makes a program load from outside the Hub cache', () => {
  it('is known per program and image', () => {
    expect(elsewhereOf('vllm', 'vllm/vllm-openai')).toContain('--download-dir');
    expect(elsewhereOf('tgi', 'ghcr.io/huggingface/text-generation-inference:3')).toContain('WEIGHTS_CACHE_OVERRIDE');
    expect(elsewhereOf('tgi', 'ghcr.io/huggingface/Text-Embeddings-Inference:1')).toBeUndefined();
    for (const id of ['llama.cpp', 'triton', 'training', 'scheme']) expect(elsewhereOf(id, 'x')).toBeUndefined();
  });
});
