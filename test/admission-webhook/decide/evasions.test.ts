import { beforeAll, describe, expect, it } from 'vitest';
import { answerFor, MANIFESTS, pod, production, runs } from './evasions.ts';

let state: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  state = await production();
});

/** What each controller starts for an object of a kind that the tables do not know: the Pod, which is reviewed for itself. */
const emissary = ['/var/run/argo/argoexec', 'emissary', '--'];
const STARTED: Readonly<Record<string, object>> = {
  'argo-artifact-s3': runs('acme/x', { command: [...emissary, 'python', 's.py'] }),
  'argo-script': runs('python', { command: [...emissary, 'python'], args: ['/argo/staging/script'] }),
  'argo-workflow': runs('vllm/vllm-openai', { command: emissary, args: ['--model', 'evil/model'] }),
  'bento-deployment': runs('acme/bento', { args: ['bentoml', 'serve', 'evil:latest'] }),
  'datadep-operator': runs('vllm/vllm-openai', {
    command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
    args: ['--model', 'evil/model'],
  }),
  helmrelease: runs('vllm/vllm-openai', { args: ['--model', 'evil/model'] }),
  'hyperpod-js': runs('deepjavalibrary/djl-serving', { env: [{ name: 'HF_MODEL_ID', value: 'evil/model' }] }),
  'llmd-pvc': runs('ghcr.io/llm-d/llm-d', { args: ['serve', '/model-cache/evil/model'] }),
  'modelmesh-predictor': runs('kserve/modelmesh-runtime-adapter', { command: ['/opt/app/puller'] }),
  modelpack: runs('vllm/vllm-openai', { command: ['vllm', 'serve', 'evil/model'] }),
  nimpipeline: { image: 'nvcr.io/nim/evil/m:1', env: [{ name: 'NIM_MODEL_NAME', value: 'evil/model' }] },
  spark: runs('acme/spark', { args: ['driver', 'local:///x.py', '--model', 'evil/model'] }),
  'tekton-script': runs('vllm/vllm-openai', {
    command: ['/tekton/bin/entrypoint'],
    args: ['-entrypoint', '/tekton/scripts/s', '--'],
  }),
  'trainjob-runtime-only': runs('acme/trainer', { command: ['torchrun', 'train.py'] }),
};

describe('in a namespace that enforces for production', () => {
  const of = (expected: string) => MANIFESTS.filter(({ expect: wanted }) => wanted === expected);

  it('every manifest that loads what is not approved is refused, or the Pod that is started for it', () => {
    const admitted = of('deny').filter(({ object }) => answerFor(object, state).allowed);
    expect(admitted.map(({ id }) => id).sort()).toEqual(Object.keys(STARTED).sort());
    // None of these is a Pod, nor of a kind whose Pods the tables find.
    expect(admitted.filter(({ object }) => object.kind === 'Pod')).toEqual([]);
    const started = Object.entries(STARTED).filter(([, container]) => answerFor(pod(container), state).allowed);
    expect(started.map(([id]) => id)).toEqual([]);
  });

  it('every manifest that loads approved models, or nothing, is admitted', () => {
    for (const { id, object } of of('allow'))
      expect({ id, ...answerFor(object, state) }).toMatchObject({ id, allowed: true });
  });

  it('every refusal of a common Pod names the container, and what would admit it', () => {
    for (const { id, object } of of('exception')) {
      const { allowed, message } = answerFor(object, state);
      if (!allowed)
        expect({ id, message }).toEqual({
          id,
          message: expect.stringMatching(/assay (?:approve|admit --audit --proposals)/),
        });
    }
  });

  it('nothing depends on the other decisions: without any, the same is refused', () => {
    const none = { ...state, snapshot: { kind: 'none', why: 'it is not there' } } as const;
    for (const { id, object } of of('deny'))
      if (!Object.hasOwn(STARTED, id))
        expect({ id, allowed: answerFor(object, none).allowed }).toEqual({ id, allowed: false });
  });
});
