import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { answerFor, MANIFESTS, production, RUNS } from '../decide/evasions.ts';
import { gateOf } from '../decide/support.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly object[];
  readonly volumeMounts?: readonly object[];
}
interface Spec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly object[];
}

let held: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  held = await production();
});

function excepting(...exceptions: readonly object[]) {
  const about = { owner: 'ops', reason: 'reviewed', expires: '2099-01-01', images: [RUNS] };
  const items = exceptions.map((one, at) => ({ id: `e${at}`, ...about, ...one }));
  const spec = { defaults: { stage: 'production' }, exceptions: items };
  return gateOf(
    held.snapshot,
    readAdmissionConfig(JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec }), 'c'),
  );
}

const SCRIPT = Buffer.from('#!/bin/sh\nset -e\necho building\n').toString('base64');
const SERVER =
  'python3 -m vllm.entrypoints.openai.api_server --port 8080 --model meta-llama/Llama-3.1-405B-Instruct --tensor-parallel-size 8 --pipeline_parallel_size 2';
const WITH = {
  dapr: { anchors: 'ANCHORS' },
  tekton: {
    ...Object.fromEntries([0, 1, 2, 3].map((at) => [`script-${at}`, SCRIPT])),
    entrypoint: 'make',
    args: ['-C', '/workspace', 'test'],
  },
  lws: { server: SERVER },
  nats: {},
} as const;

/** Each container that an operator renders, alone in its Pod, with an approved image. */
function rendered(name: string): readonly Spec[] {
  const text = readFileSync(new URL(`../../../fixtures/admission-operators/${name}.json`, import.meta.url), 'utf8');
  const specs: readonly Spec[] = JSON.parse(text);
  return specs.flatMap(({ containers, initContainers = [], ...spec }) =>
    [...initContainers, ...containers]
      .filter((one) => one.name !== 'server')
      .map((one) => ({ ...spec, containers: [{ ...one, image: `registry.example/${name}@${RUNS}` }] })),
  );
}

const pod = (spec: Spec) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });

/** What says the same otherwise, or more: of the first word of a list, of each, of the last. */
function mutations(one: Container): readonly Container[] {
  const field = one.command === undefined ? 'args' : 'command';
  const words = one[field] ?? [];
  const args = one.args ?? [];
  const env = one.env ?? [];
  const mounts = one.volumeMounts ?? [];
  const also = (name: string, value: string) => ({ ...one, env: [...env, { name, value }] });
  const mounted = (mountPath: string, name: string) => ({ ...one, volumeMounts: [...mounts, { name, mountPath }] });
  return [
    { ...one, command: ['vllm', 'serve', 'evil/model'] },
    { ...one, command: ['sh', '-c', 'vllm serve evil/model'] },
    { ...one, [field]: ['/tmp/evil', ...words.slice(1)] },
    { ...one, [field]: words.slice(0, -1) },
    { ...one, [field]: [...words.slice(0, -1), `${words.at(-1) ?? ''} evil/model`] },
    { ...one, [field]: [...words.slice(0, -1), `${words.at(-1) ?? ''}; vllm serve evil/model`] },
    { ...one, [field]: [...words.slice(0, -1), `${words.at(-1) ?? ''}\nvllm serve evil/model`] },
    { ...one, [field]: words.length === 1 ? [...words, ...words] : [...words].reverse() },
    { ...one, [field]: words.map((word) => word.toUpperCase()) },
    { ...one, args: [...args, '--model=evil/model'] },
    { ...one, args: ['evil/model', ...args] },
    { ...one, args: [...args, '$(EVIL)'] },
    also('LD_PRELOAD', '/x.so'),
    also('PYTHONPATH', '/evil'),
    also('MODEL_ID', 'evil/model'),
    { ...one, env: [...env, { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: "metadata.labels['x']" } } }] },
    mounted('/usr/bin', 'evil-empty'),
    mounted('/etc/evil', 'evil-shared'),
    { ...one, image: `registry.example/x@sha256:${'a'.repeat(64)}` },
    { ...one, image: 'registry.example/x:latest' },
    Object.assign({ ...one }, { workingDir: '/evil' }),
    Object.assign({ ...one }, { envFrom: [{ secretRef: { name: 'evil' } }] }),
    Object.assign({ ...one }, { securityContext: { privileged: true } }),
    Object.assign({ ...one }, { lifecycle: { postStart: { exec: { command: ['vllm', 'serve', 'evil/model'] } } } }),
  ];
}

/** With other names of steps. */
const unnamed = (one: Container) => JSON.stringify(one).replace(/"step-\w+"/g, '"step"');

describe.each(Object.entries(WITH))('of the template %s', (template, given) => {
  it('every container is admitted as it is, and none of 23 mutations of it', () => {
    const state = excepting({ template, with: given });
    const volumes = [
      { name: 'evil-empty', emptyDir: {} },
      { name: 'evil-shared', persistentVolumeClaim: { claimName: 'evil' } },
    ];
    const specs = rendered(template);
    expect(specs.length).toBeGreaterThan(0);
    for (const spec of specs) {
      const [one] = spec.containers;
      if (one === undefined) throw new Error('no container');
      expect(answerFor(pod(spec), state)).toMatchObject({ allowed: true, message: '' });
      // A Pod with a step less is another one that the operator makes.
      const others = specs.flatMap(({ containers }) => containers).filter((other) => other !== one);
      const isOther = (mutated: Container) =>
        others.some((other) => unnamed(other) === unnamed({ ...mutated, name: other.name }));
      expect(mutations(one).filter((mutated) => !isOther(mutated)).length).toBeGreaterThanOrEqual(23);
      const admitted = mutations(one).filter((mutated) => {
        if (isOther(mutated)) return false;
        const more = { ...spec, containers: [mutated], volumes: [...(spec.volumes ?? []), ...volumes] };
        return answerFor(pod(more), state).allowed;
      });
      expect({ name: one.name, admitted }).toEqual({ name: one.name, admitted: [] });
    }
  });

  it('its Pods are refused with other text in its parameters', () => {
    const changed = Object.fromEntries(Object.keys(given).map((name) => [name, 'evil']));
    const state = excepting({ template, with: changed });
    const admitted = rendered(template).filter((spec) => answerFor(pod(spec), state).allowed);
    // Containers without parameters prepare a folder for others, or are those that Ray sends its code to.
    const plain = new Set(['prepare', 'working-dir-initializer', 'vllm-worker', 'nats']);
    const isStarted = ({ name, args = [] }: Container) =>
      plain.has(name) || args.some((word) => word.startsWith('/tekton/scripts/'));
    expect(admitted.flatMap(({ containers }) => containers).filter((one) => !isStarted(one))).toEqual([]);
  });
});

describe('Tekton', () => {
  it('a script that the exception does not have is not placed, so no step runs it', () => {
    const state = excepting({ template: 'tekton', with: { 'script-0': SCRIPT } });
    const evil = Buffer.from('#!/bin/sh\nvllm serve evil/model\n').toString('base64');
    const text = readFileSync(new URL('../../../fixtures/admission-operators/tekton.json', import.meta.url), 'utf8');
    const at = (spec: Spec): Spec =>
      JSON.parse(JSON.stringify(spec).replaceAll('"image":"IMAGE"', `"image":"registry.example/tekton@${RUNS}"`));
    const [one] = (JSON.parse(text) as readonly Spec[]).map(at);
    if (one === undefined) throw new Error('no Pod');
    expect(answerFor(pod(one), state).allowed).toBe(true);
    const other: Spec = JSON.parse(JSON.stringify(one).replaceAll(SCRIPT, evil));
    expect(answerFor(pod(other), state).allowed).toBe(false);
  });
});

describe('the common Pods of the corpus', () => {
  it('are admitted by a shipped template where they are what the operator renders, and refused else', () => {
    const config = { template: 'vault-agent', with: { config: 'e30=' } };
    const job = { template: 'trainjob', with: { code: 'def f(): pass\nf()\n', file: 'x.py', entrypoint: 'torchrun' } };
    const others = ['kuberay', 'fluent-bit', 'ollama', 'otel-collector', 'nats'].map((template) => ({ template }));
    const state = excepting(
      config,
      job,
      ...others,
      ...Object.entries(WITH).map(([template, w]) => ({ template, with: w })),
    );
    const all = MANIFESTS.filter((one) => one.expect === 'exception');
    const admitted = (of: typeof state) =>
      all.filter(({ object }) => answerFor(object, of).allowed).map(({ id }) => id);
    expect(all).toHaveLength(9);
    expect(admitted(held)).toEqual(['busybox-shc-control']);
    expect(admitted(state)).toEqual(['busybox-shc-control', 'fp-nats', 'fp-trainjob-sdk', 'fp-vault-agent']);
  });
});
