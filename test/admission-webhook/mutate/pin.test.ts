import { beforeAll, describe, expect, it } from 'vitest';
import type { MutationOptions, WebhookState } from '../../../admission-webhook/src/index.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { approved, COMMIT, denied, sha256 } from '../decide/support.ts';
import {
  ANNOTATE,
  answer,
  change,
  DIGEST,
  FETCH,
  IMAGE_PINNED,
  OLDER,
  PINNED,
  podOf,
  REWRITE,
  webhook,
} from './ground.ts';

let state: WebhookState;
beforeAll(async () => {
  state = await webhook();
});

const references = (object: unknown) => extractReferences(object).references.map(({ reference }) => reference);
const container = (object: unknown, index = 0) => JSON.parse(JSON.stringify(object)).spec.containers[index];

describe('an unpinned reference is rewritten to the approved version in the syntax of', () => {
  const PROGRAMS: readonly [string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>][] = [
    ['vLLM, --model', { args: ['--model', 'acme/llama'] }, { args: ['--model', 'acme/llama', `--revision=${COMMIT}`] }],
    [
      'vLLM, serve as the command',
      { command: ['vllm', 'serve', 'acme/llama'] },
      { command: ['vllm', 'serve', 'acme/llama', `--revision=${COMMIT}`] },
    ],
    [
      'vLLM, with a branch in the next argument',
      { args: ['--revision', 'main', '--model=acme/llama', '--port', '80'] },
      { args: ['--revision', COMMIT, '--model=acme/llama', '--port', '80'] },
    ],
    [
      'vLLM, after a list of names',
      { args: ['--model', 'acme/llama', '--served-model-name', 'a', 'b'] },
      { args: ['--model', 'acme/llama', '--served-model-name', 'a', 'b', `--revision=${COMMIT}`] },
    ],
    [
      'TGI, by variables',
      { image: 'ghcr.io/huggingface/text-generation-inference:3', env: [{ name: 'MODEL_ID', value: 'acme/llama' }] },
      {
        env: [
          { name: 'MODEL_ID', value: 'acme/llama' },
          { name: 'REVISION', value: COMMIT },
        ],
      },
    ],
    [
      'TGI, with a branch in a variable',
      {
        image: 'ghcr.io/huggingface/text-generation-inference:3',
        env: [{ name: 'REVISION', value: 'main' }],
        args: ['--model-id', 'acme/llama'],
      },
      { env: [{ name: 'REVISION', value: COMMIT }], args: ['--model-id', 'acme/llama'] },
    ],
    [
      "KServe's runtime, whose arguments have underscores",
      { image: 'kserve/huggingfaceserver:v0.15', args: ['--model_id=acme/llama', '--model_name=l'] },
      { args: ['--model_id=acme/llama', '--model_name=l', `--model_revision=${COMMIT}`] },
    ],
    [
      'SGLang',
      {
        image: 'lmsysorg/sglang:v0.4',
        command: ['python3', '-m', 'sglang.launch_server'],
        args: ['--model-path', 'acme/llama', '--admin-api-key=$(KEY)'],
      },
      { args: ['--model-path', 'acme/llama', '--admin-api-key=$(KEY)', `--revision=${COMMIT}`] },
    ],
    [
      "KServe's storage initializer",
      { image: 'kserve/storage-initializer:v0.15', args: ['hf://acme/llama', '/mnt/models'] },
      { args: [`hf://acme/llama:${COMMIT}`, '/mnt/models'] },
    ],
    [
      "the Hub's command line",
      { image: 'python:3.12', command: ['hf', 'download', 'acme/llama'] },
      { command: ['hf', 'download', 'acme/llama', `--revision=${COMMIT}`] },
    ],
  ];

  it.each(PROGRAMS)('%s', (_, given, expected) => {
    const pod = podOf(given);
    const { object, mutation } = change(pod, state, REWRITE);
    expect(container(object)).toMatchObject(expected);
    expect(references(object)).toEqual([PINNED]);
    expect(mutation.warnings.join()).toContain(`is now the approved ${PINNED}`);
    expect(answer(pod, state, REWRITE).allowed).toBe(false);
    expect(answer(object, state, REWRITE).allowed).toBe(true);
    expect(change(object, state, REWRITE).mutation.patch).toEqual([]);
  });

  it('an image volume with any tag', () => {
    for (const tag of ['', ':latest', ':v1']) {
      const volumes = [{ name: 'm', image: { reference: `ghcr.io/acme/llama${tag}` } }];
      const pod = podOf({ args: ['serve', '/m'], volumeMounts: [{ name: 'm', mountPath: '/m' }] }, { volumes });
      const { object } = change(pod, state, REWRITE);
      expect(JSON.parse(JSON.stringify(object)).spec.volumes[0].image.reference).toBe(`ghcr.io/acme/llama@${DIGEST}`);
      expect(new Set(references(object))).toEqual(new Set([IMAGE_PINNED]));
      expect(answer(object, state, REWRITE).allowed).toBe(true);
    }
  });
});

describe('a reference in other configured kinds is rewritten:', () => {
  const isvc = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'i' },
    spec: { predictor: { model: { storageUri: 'hf://acme/llama:main' } } },
  };
  const nim = {
    apiVersion: 'apps.nvidia.com/v1alpha1',
    kind: 'NIMCache',
    metadata: { name: 'n' },
    spec: { source: { hf: { namespace: 'acme', modelName: 'llama', endpoint: 'https://huggingface.co' } } },
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { template: { spec: podOf({ args: ['--model', 'acme/llama'] }).spec } },
  };
  const KINDS: MutationOptions = {
    ...REWRITE,
    kinds: ['InferenceService.serving.kserve.io', 'NIMCache.apps.nvidia.com', 'Deployment.apps'],
  };

  it.each([
    ['InferenceService', isvc],
    ['NIMCache', nim],
    ['Deployment', deployment],
  ])('%s', (_, object) => {
    expect(change(object, state, REWRITE).mutation).toEqual({ patch: [], warnings: [] });
    const changed = change(object, state, KINDS).object;
    expect(references(changed)).toEqual([PINNED]);
    expect(answer(changed, state, KINDS).allowed).toBe(true);
  });

  it('but not in a Job, which is not configured', () => {
    const job = { ...deployment, apiVersion: 'batch/v1', kind: 'Job' };
    expect(change(job, state, KINDS).mutation.patch).toEqual([]);
  });
});

describe('the approved version', () => {
  const pod = (revision?: string) =>
    podOf({ args: ['--model', 'acme/llama', ...(revision === undefined ? [] : ['--revision', revision])] });

  it('is the newest for no revision and for main; another name is ambiguous', () => {
    for (const revision of [undefined, 'main'])
      expect(references(change(pod(revision), state, REWRITE).object)).toEqual([PINNED]);
    const { mutation } = change(pod('v1.0'), state, REWRITE);
    expect(mutation.patch).toEqual([]);
    expect(mutation.warnings.join()).toMatch(/2 versions are approved there, so the meaning of v1.0 is ambiguous/);
  });

  it('is the only one, for any revision name', async () => {
    const one = await webhook([approved(PINNED)]);
    expect(references(change(pod('v1.0'), one, REWRITE).object)).toEqual([PINNED]);
  });

  it('is the one approved for the stage of the namespace', async () => {
    const stage = (name: string) => ({ stages: [{ stage: name, notAfter: null }] });
    const entries = [
      approved(PINNED, { number: 2, ...stage('staging') }),
      approved(`hf://acme/llama@${OLDER}`, { number: 1, digest: sha256('older'), ...stage('production') }),
    ];
    const plain = await webhook(entries);
    const { namespaces } = plain;
    const production = { ...namespaces.ruleOf('models'), stage: 'production' };
    const strict = { ...plain, namespaces: { ruleOf: () => production } };
    expect(references(change(pod(), strict, REWRITE).object)).toEqual([`hf://acme/llama@${OLDER}`]);
    expect(references(change(pod(), plain, REWRITE).object)).toEqual([PINNED]);
  });

  it('does not exist where it is denied, expired, on another server, or of several models', async () => {
    const nothing = async (entries: Parameters<typeof webhook>[0]) =>
      expect(change(pod(), await webhook(entries), REWRITE).mutation.patch).toEqual([]);
    await nothing([denied({ refs: [PINNED] })]);
    await nothing([approved(PINNED), denied({ model: 'other', digest: sha256('x'), refs: [PINNED] })]);
    await nothing([approved(PINNED, { stages: [{ stage: 'production', notAfter: '2026-11-25T11:59:59Z' }] })]);
    await nothing([approved(PINNED, { endpoint: 'https://hub.example' })]);
    await nothing([
      approved(PINNED, { model: 'a' }),
      approved(`hf://acme/llama@${OLDER}`, { model: 'b', digest: sha256('o') }),
    ]);
    await nothing([approved(`${PINNED}/config.json`)]);
  });

  it('is looked up for the server that the Pod names', async () => {
    const there = await webhook([approved(PINNED, { endpoint: 'https://hub.example' })]);
    const env = [{ name: 'HF_ENDPOINT', value: 'https://hub.example/' }];
    const asked = podOf({ args: ['--model', 'acme/llama'], env });
    expect(references(change(asked, there, REWRITE).object)).toEqual([PINNED]);
    expect(change(asked, state, REWRITE).mutation.patch).toEqual([]);
  });
});

describe('a reference that would not be read back is not rewritten:', () => {
  it.each([
    ['a script', { command: ['sh', '-c', 'vllm serve acme/llama'] }],
    ['two models of one program', { args: ['--model', 'acme/llama', '--model', 'acme/lora'] }],
    ['an adapter, which has no revision', { args: ['--lora-modules', 'a=acme/lora'] }],
    [
      'a program without a revision option',
      { image: 'ghcr.io/ggml-org/llama.cpp:server', args: ['-hf', 'acme/llama'] },
    ],
  ])('%s', (_, given) => {
    const { mutation } = change(podOf(given), state, REWRITE);
    expect(mutation.patch).toEqual([]);
    expect(mutation.warnings.join()).toMatch(/cannot be written there/);
  });

  it('the others in the same container are', () => {
    const other = {
      name: 'b',
      image: 'vllm/vllm-openai:v0.8',
      args: ['--model', 'acme/llama', '--lora-modules', 'a=acme/lora'],
    };
    const { object } = change(podOf(other), state, REWRITE);
    expect(references(object)).toEqual([PINNED, 'hf://acme/lora']);
  });
});

describe('pins as annotations', () => {
  const pod = (metadata = {}) => podOf({ args: ['--model', 'acme/llama'] }, {}, metadata);
  const pins = (object: unknown) => JSON.parse(JSON.stringify(object)).metadata.annotations;

  it('name the place and the pin, and change nothing else of a Pod', () => {
    const { object, mutation } = change(pod(), state, ANNOTATE);
    expect(pins(object)).toEqual({ 'assay.dev/pin.0': `/spec/containers/0/args/1 ${PINNED}` });
    expect(mutation.patch.every(({ path }) => path.startsWith('/metadata/annotations'))).toBe(true);
    expect(change(object, state, ANNOTATE).mutation.patch).toEqual([]);
  });

  it('replace values under these names by others', () => {
    const annotations = { 'assay.dev/pin.0': 'x', 'assay.dev/pin.7': `/a ${PINNED}`, mine: '1' };
    expect(pins(change(pod({ annotations }), state, ANNOTATE).object)).toEqual({
      'assay.dev/pin.0': `/spec/containers/0/args/1 ${PINNED}`,
      mine: '1',
    });
  });

  it('are not added to a Deployment', () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: pod() } };
    expect(change(deployment, state, ANNOTATE).mutation.patch).toEqual([]);
  });
});

describe('mutation changes nothing', () => {
  const pod = podOf({ args: ['--model', 'acme/llama'] });

  it.each([
    ['when it is switched off', { pin: 'off', fetch: null } as const, {}],
    ['in a running Pod', REWRITE, { operation: 'UPDATE', oldObject: pod }],
    ['in a subresource', FETCH, { subResource: 'ephemeralcontainers', operation: 'UPDATE' }],
    ['on DELETE', FETCH, { operation: 'DELETE', object: null, oldObject: pod }],
    ['in kube-system', FETCH, { namespace: 'kube-system' }],
  ])('%s', (_, options, more) => {
    expect(change(pod, state, options, more).mutation).toEqual({ patch: [], warnings: [] });
  });

  it('without a snapshot or with an expired one', async () => {
    const none: WebhookState = { ...state, snapshot: { kind: 'none', why: 'never' } };
    expect(change(pod, none, FETCH).mutation.patch).toEqual([]);
    const { snapshot } = state;
    if (snapshot.kind !== 'held') throw new Error('no snapshot');
    const over: WebhookState = { ...state, snapshot: { ...snapshot, index: ended(snapshot.index) } };
    expect(change(pod, over, FETCH).mutation.patch).toEqual([]);
  });

  it('for a version that is not approved', async () => {
    expect(change(pod, await webhook([]), FETCH).mutation.patch).toEqual([]);
  });
});

type Index = Extract<WebhookState['snapshot'], { kind: 'held' }>['index'];

function ended(index: Index): Index {
  return {
    meta: index.meta,
    lookup: (query, asked) => index.lookup(query, asked),
    latestApproved: (query, asked) => index.latestApproved(query, asked),
    allowsImage: () => false,
    sealsImage: () => false,
    imageFacts: () => undefined,
    imageNamed: () => undefined,
    isExpired: () => true,
  };
}
