import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractReferences } from '../../src/workload/index.ts';
import { kindOf, podOf } from './build.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);

/** JSON in the shapes of Kubernetes: names that the reader looks up, with any values. */
const names = fc.constantFrom(
  ...[
    'spec',
    'template',
    'containers',
    'initContainers',
    'args',
    'command',
    'env',
    'envFrom',
    'name',
    'value',
    'image',
  ],
  ...[
    'volumes',
    'volumeMounts',
    'mountPath',
    'metadata',
    'annotations',
    'kind',
    'apiVersion',
    'predictor',
    'storageUri',
  ],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueFrom', 'lifecycle', 'csi', 'serveConfigV2'],
);
const texts = fc.oneof(
  fc.string(),
  fc.constantFrom('Pod', 'v1', 'Deployment', 'apps/v1', 'InferenceService', 'serving.kserve.io/v1beta1', 'RayService'),
  fc.constantFrom(
    '--model',
    '--model=',
    'serve',
    'vllm',
    'sh',
    '-c',
    '$(A)',
    '$(',
    'hf://',
    'hf://a/b',
    '-m',
    '{',
    '[[[[',
  ),
  fc.constantFrom('ray.io/v1', 'a: &a [*a]', '../..', 'pvc://', 'oci://', 's3://https://', '%', 'models:/'),
);
const { shaped } = fc.letrec<{ shaped: unknown }>((tie) => ({
  shaped: fc.oneof(
    { maxDepth: 8, depthSize: 'medium' },
    texts,
    fc.constantFrom(null, 0, true),
    fc.array(tie('shaped'), { maxLength: 5 }),
    fc.dictionary(names, tie('shaped'), { maxKeys: 6 }),
  ),
}));

describe('for any object', () => {
  it('the reader does not throw, and each reference has a location', () => {
    fc.assert(
      fc.property(fc.oneof(shaped, fc.jsonValue()), (json) => {
        const object: unknown = JSON.parse(JSON.stringify(json) ?? 'null');
        const { references, unresolved } = extractReferences(object);
        for (const { where } of [...references, ...unresolved]) expect(where).toMatch(/^(?:\/|$)/);
      }),
      { numRuns: RUNS },
    );
  });

  it('the reader ignores inherited properties', () => {
    const pod = JSON.parse(
      '{"apiVersion":"v1","kind":"Pod","__proto__":{"spec":{"containers":[{"name":"c","args":["--model","a/b"]}]}}}',
    );
    // JSON.parse made an own property: it is not the PodSpec of the Pod, but is still found by its shape.
    expect(extractReferences(pod).references[0]?.where).toMatch(/^\/__proto__\//);
    const inherited = Object.create({ spec: { containers: [{ name: 'c', args: ['--model', 'a/b'] }] } });
    expect(extractReferences(inherited)).toEqual({ references: [], unresolved: [], images: [], podSpecs: 0, runs: [] });
  });

  it('the depth and the number of nodes are bounded, and reaching a bound is reported', () => {
    let deep: unknown = { containers: [{ name: 'c', args: ['--model', 'a/b'] }] };
    for (let depth = 0; depth < 5_000; depth++) deep = { x: deep };
    expect(extractReferences(deep).unresolved).toMatchObject([{ why: expect.stringMatching(/nested more than/) }]);
    const many = Array.from({ length: 500_000 }, () => 0);
    expect(extractReferences({ spec: { many } }).unresolved).toMatchObject([
      { why: expect.stringMatching(/more than/) },
    ]);
    const args = Array.from({ length: 5_000 }, (_, index) => [`--model`, `a/b${index}`]).flat();
    expect(extractReferences(podOf({ args })).unresolved[0]?.why).toMatch(/more than/);
  });

  it('large hostile objects are read, or refused with a reason', () => {
    const long = 'a'.repeat(3_000_000);
    const many = 50_000;
    const hostile: readonly unknown[] = [
      podOf({ args: ['--model', long] }),
      podOf({ command: ['sh', '-c', `"'`.repeat(1_000_000)] }),
      podOf({ args: ['--speculative-config', '['.repeat(1_000_000)], image: 'vllm' }),
      podOf({ args: Array.from({ length: many }, () => '$('.repeat(10)) }),
      podOf({ args: ['serve', ...Array.from({ length: many }, () => '-x')], image: 'vllm' }),
      podOf({ args: Array.from({ length: many }, () => '-m') }),
      podOf({ args: [`--model=${'../'.repeat(500_000)}`] }),
      podOf({ args: [`--model=s3://${'?'.repeat(1_000_000)}`] }),
      podOf({
        env: Array.from({ length: many }, (_, index) => ({
          name: `A${index}`,
          value: `$(A${index - 1})$(A${index - 1})`,
        })),
      }),
      podOf({ env: [{ name: 'A0', value: 'x' }, ...doubling(1_000)], args: ['--model', '$(A999)'] }),
      podOf(
        { volumeMounts: Array.from({ length: many }, (_, index) => ({ name: 'v', mountPath: `/m${index}` })) },
        { volumes: Array.from({ length: many }, () => ({ name: 'v', emptyDir: {} })) },
      ),
      { spec: { containers: Array.from({ length: many }, () => ({ name: 'c', command: ['vllm', 'serve', 'a/b'] })) } },
      { spec: Array.from({ length: many }, () => ({ containers: [{ name: 'c', args: ['--model', 'a/b'] }] })) },
      { ...kindOf('ray.io', 'RayService'), spec: { serveConfigV2: `a: ${'['.repeat(30_000)}` } },
      { ...kindOf('ray.io', 'RayService'), spec: { serveConfigV2: '- '.repeat(16_000) } },
      { ...kindOf('ray.io', 'RayService'), spec: { serveConfigV2: `{${'a: 1, '.repeat(5_000)}}` } },
    ];
    for (const object of hostile) {
      const { references, unresolved } = extractReferences(object);
      for (const { where } of [...references, ...unresolved]) expect(where).toMatch(/^(?:\/|$)/);
      // The result is bounded, however much the object holds.
      expect(references.length).toBeLessThanOrEqual(1_000);
      expect(unresolved.length).toBeLessThanOrEqual(1_000);
    }
  });
});

function doubling(count: number): readonly object[] {
  return Array.from({ length: count }, (_, at) => ({ name: `A${at + 1}`, value: `$(A${at})$(A${at})` }));
}

describe('a model is found in every spelling', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  const repo = fc.tuple(word, word).map(([owner, name]) => `${owner}/${name}`);
  const noise = fc.array(
    fc.constantFrom('--port=8000', '--dtype=half', '--enable-lora', '--gpu-memory-utilization=0.9', '-v'),
    { maxLength: 4 },
  );
  const image = fc.constantFrom('vllm/vllm-openai:v0.10.0', 'acme/renamed', 'reg.io:5000/x@sha256:00');
  const commit = fc.stringMatching(/^[0-9a-f]{40}$/);

  it('of a vLLM flag: with =, as two arguments, in command or args, behind a variable', () => {
    fc.assert(
      fc.property(repo, noise, noise, image, fc.nat(5), commit, (model, before, after, name, how, sha) => {
        const spelled = [
          [`--model=${model}`],
          ['--model', model],
          ['--model', '$(M)'],
          ['--model=$(O)/$(N)'],
          [`--model=hf://${model}`],
          ['--model', `hf://${model}`],
        ][how] ?? [''];
        const [owner, last] = model.split('/');
        const env = [
          { name: 'O', value: owner },
          { name: 'N', value: last },
          { name: 'M', value: '$(O)/$(N)' },
        ];
        const words = [...before, ...spelled, ...after, '--revision', sha];
        for (const cut of [0, before.length]) {
          const container = { image: name, env, command: words.slice(0, cut), args: words.slice(cut) };
          const found = extractReferences(podOf(container)).references;
          expect(found).toMatchObject([{ reference: `hf://${model}@${sha}`, revision: sha, pinned: true }]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('of vllm serve, wherever the model is among the options', () => {
    fc.assert(
      fc.property(repo, noise, noise, (model, before, after) => {
        const command = ['python3', '/usr/local/bin/vllm', 'serve', ...before, model, ...after];
        const found = extractReferences(podOf({ command }));
        expect(found.references.map(({ reference }) => reference)).toContain(`hf://${model}`);
      }),
      { numRuns: RUNS },
    );
  });

  it('and a variable that is not defined in the Pod is unresolved, never ignored', () => {
    fc.assert(
      fc.property(fc.constantFrom('--model=$(X)', '$(X)', '--model=a/$(X)', 'hf://a/$(X)'), noise, (one, others) => {
        const found = extractReferences(podOf({ args: [...others, one] }));
        expect(found.unresolved.length).toBeGreaterThan(0);
        expect(found.references).toEqual([]);
      }),
    );
  });
});
