import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  injectionCheck,
  type MutationOptions,
  mutateReview,
  type WebhookState,
} from '../../../admission-webhook/src/index.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { approved, COMMIT, NOW, RECORDED, recorded, requestOf } from '../decide/support.ts';
import { ANNOTATE, change, ENTRIES, FETCH, IMAGE, PINNED, patched, REWRITE, webhook } from './ground.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 1_500);
const ALL: readonly MutationOptions[] = [
  REWRITE,
  ANNOTATE,
  FETCH,
  { ...FETCH, pin: 'annotate' },
  { ...FETCH, pin: 'rewrite', kinds: ['Deployment.apps', 'StatefulSet.apps', 'CronJob.batch'] },
];

let state: WebhookState;
beforeAll(async () => {
  const recordedRefs = ['meta-llama/Llama-3.1-8B-Instruct', 'mistralai/Mistral-7B-v0.1', 'org/model', 'a/b'];
  state = await webhook([...ENTRIES, ...recordedRefs.map((repo) => approved(`hf://${repo}@${COMMIT}`))]);
});

const word = fc.constantFrom(
  '--model',
  '--model=acme/llama',
  'acme/llama',
  'acme/lora',
  'serve',
  '--revision',
  'main',
  '--revision=v1',
  COMMIT,
  PINNED,
  '--download-dir',
  '$(X)',
  'hf://acme/llama',
  '--lora-modules',
  'a=acme/lora',
  '--',
  'sh',
  '-c',
  '',
  '--trust-remote-code',
  '__proto__',
);
const name = fc.constantFrom(
  'assay-fetch',
  'assay-fetch-1',
  'assay-models',
  'a',
  'b',
  '',
  'HF_HUB_CACHE',
  'HF_HUB_OFFLINE',
  'MODEL_ID',
  'REVISION',
  'HF_TOKEN',
  '__proto__',
);
const junk = fc.oneof(
  fc.constant(undefined),
  fc.constant(null),
  fc.integer(),
  fc.string(),
  fc.array(fc.jsonValue(), { maxLength: 2 }),
  fc.jsonValue(),
);
const mostly = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: junk });
const entry = mostly(fc.record({ name, value: mostly(word) }, { requiredKeys: [] }));
const mount = mostly(
  fc.record(
    {
      name,
      mountPath: fc.constantFrom('/assay/models', '/assay', '/x', '/', '/assay/models/hub'),
      readOnly: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
);
const container = mostly(
  fc.record(
    {
      name,
      image: fc.constantFrom('vllm/vllm-openai', IMAGE, 'text-generation-inference', 'x', 'modelcar', ''),
      command: mostly(fc.array(mostly(word), { maxLength: 4 })),
      args: mostly(fc.array(mostly(word), { maxLength: 6 })),
      env: mostly(fc.array(entry, { maxLength: 4 })),
      volumeMounts: mostly(fc.array(mount, { maxLength: 3 })),
    },
    { requiredKeys: ['name', 'image', 'args'] },
  ),
);
const volume = mostly(
  fc.record(
    { name, emptyDir: fc.constant({}), image: fc.record({ reference: fc.constantFrom('ghcr.io/acme/llama:v1', 'x') }) },
    { requiredKeys: ['name'] },
  ),
);
const containers = mostly(fc.array(container, { maxLength: 3 }));
const pod = fc.record(
  {
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Pod'),
    metadata: mostly(
      fc.record(
        { annotations: mostly(fc.dictionary(fc.constantFrom('assay.dev/pin.0', 'x'), fc.string())) },
        { requiredKeys: [] },
      ),
    ),
    spec: mostly(
      fc.record(
        {
          initContainers: containers,
          containers,
          volumes: mostly(fc.array(volume, { maxLength: 3 })),
          hostPID: fc.boolean(),
        },
        { requiredKeys: ['containers'] },
      ),
    ),
  },
  { requiredKeys: ['apiVersion', 'kind', 'spec'] },
);

/** The part of a list of the PodSpec that a mutation must preserve. */
function kept(object: unknown, list: string): unknown[] {
  const spec = (object as { readonly spec?: Readonly<Record<string, unknown>> }).spec;
  const items: unknown = spec?.[list];
  if (!Array.isArray(items)) return [];
  return items.map((item) => {
    if (typeof item !== 'object' || item === null || list === 'volumes')
      return JSON.stringify([item?.name, item?.emptyDir]);
    return JSON.stringify([item.name, item.image?.split?.('@')[0]?.split(':')[0]]);
  });
}

function hasAll(before: unknown[], after: unknown[]): boolean {
  const left = [...after];
  return before.every((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

describe('for any object', () => {
  it('mutation does not throw, keeps everything of the user, and has nothing to do a second time', () => {
    const options = fc.constantFrom(...ALL);
    fc.assert(
      fc.property(pod, options, (object, how) => {
        const json: unknown = JSON.parse(JSON.stringify(object));
        const { object: changed, mutation } = change(json, state, how);
        for (const list of ['initContainers', 'containers', 'volumes'])
          expect(hasAll(kept(json, list), kept(changed, list))).toBe(true);
        expect(mutation.warnings.every((text) => text.length <= 256)).toBe(true);
        expect(change(changed, state, how).mutation.patch).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('every model of a container that mutation changed is verified by the webhook', () => {
    let injected = 0;
    fc.assert(
      fc.property(pod, (object) => {
        const json: unknown = JSON.parse(JSON.stringify(object));
        const { object: changed, mutation } = change(json, state, FETCH);
        const isInjected = injectionCheck(FETCH, state, NOW);
        for (const { path } of mutation.patch) {
          const [, at] = /^(\/spec\/(?:initContainers|containers)\/\d+)\/env$/.exec(path) ?? [];
          if (at === undefined) continue;
          injected++;
          const shift = mutation.patch.filter((one) => one.path === '/spec/initContainers/0').length;
          const moved = at.replace(/initContainers\/(\d+)/, (_, n) => `initContainers/${Number(n) + shift}`);
          const { references } = extractReferences(changed);
          const own = references.filter(({ where, role }) => where.startsWith(`${moved}/`) && role !== 'image');
          expect(own.filter((one) => !isInjected(changed, one))).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
    expect(injected).toBeGreaterThan(RUNS / 500);
  });

  it('mutation does not throw: JSON of any shape', () => {
    fc.assert(
      fc.property(
        fc.object({
          key: fc.constantFrom('spec', 'kind', 'metadata', 'containers', 'template', 'args', 'env'),
          maxDepth: 5,
        }),
        (object) => {
          const json: unknown = JSON.parse(JSON.stringify({ ...object, apiVersion: 'v1', kind: 'Pod' }));
          for (const how of ALL) change(json, state, how);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('mutation of reviews recorded from a real API server', () => {
  it.each(RECORDED)('is idempotent and keeps unresolved containers unresolved: %s', (file) => {
    const request = requestOf(recorded(file));
    for (const how of ALL) {
      const mutation = mutateReview(request, state, how, NOW);
      const changed = patched(request.object, mutation);
      if (mutation.patch.length === 0) expect(changed).toEqual(JSON.parse(JSON.stringify(request.object)));
      expect(mutateReview({ ...request, object: changed }, state, how, NOW).patch).toEqual([]);
      const before = extractReferences(request.object);
      expect(extractReferences(changed).unresolved).toEqual(before.unresolved);
    }
  });

  it('changes only the listed ones', () => {
    const changed = (how: MutationOptions) =>
      RECORDED.filter((file) => {
        const mutation = mutateReview(requestOf(recorded(file)), state, how, NOW);
        return mutation.patch.length > 0;
      });
    const kinds = ['Deployment.apps', 'InferenceService.serving.kserve.io'];
    for (const how of [ANNOTATE, FETCH, { ...REWRITE, kinds }])
      expect(changed(how)).toEqual(['create_core_pods_vllm-abc-2q6fj.json']);
  });
});
