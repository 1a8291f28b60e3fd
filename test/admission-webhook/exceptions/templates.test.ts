import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { answerFor, production, RUNS } from '../decide/evasions.ts';
import { gateOf } from '../decide/support.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  command?: string[] | null;
  args?: string[] | null;
  env?: { name: string; value?: string }[];
  volumeMounts?: { name: string; mountPath: string }[];
}
interface PodSpec {
  readonly containers: Container[];
  readonly initContainers?: Container[];
  readonly volumes?: readonly object[];
}

let held: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  held = await production();
});

/** Programs that are given a sidecar: they need exceptions of their own. */
const PROGRAMS = new Set(['server', 'hello']);

/** What an operator rendered, with images by an approved digest. */
function rendered(name: string): readonly PodSpec[] {
  const text = readFileSync(new URL(`../../../fixtures/admission-operators/${name}.json`, import.meta.url), 'utf8');
  const specs: readonly PodSpec[] = JSON.parse(text);
  const image = `registry.example/${name}@${RUNS}`;
  return specs.map((spec) => {
    const own = [...spec.containers, ...(spec.initContainers ?? [])].filter((one) => PROGRAMS.has(one.name));
    const without = (all: readonly Container[] = []) =>
      all.filter((one) => !own.includes(one)).map((one) => ({ ...one, image }));
    const [containers, initContainers] = [without(spec.containers), without(spec.initContainers)];
    return containers.length > 0
      ? { ...spec, containers, initContainers }
      : { ...spec, containers: initContainers, initContainers: [] };
  });
}

function withTemplate(template: string, filled: readonly object[]) {
  const about = { owner: 'ops', reason: 'reviewed', expires: '2099-01-01', images: [RUNS], template };
  const exceptions = filled.map((more, at) => ({ id: `e${at}`, ...about, ...more }));
  const spec = { defaults: { stage: 'production' }, exceptions };
  const config = readAdmissionConfig(
    JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec }),
    'c',
  );
  return gateOf(held.snapshot, config);
}

const pod = (spec: PodSpec) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
const router = { with: { 'label-selector': 'environment=test,release=test' } };
/** The values of a variable in what was rendered, which exceptions repeat word for word. */
function valuesOf(template: string, variable: string): readonly string[] {
  const all = rendered(template).flatMap(({ containers, initContainers = [] }) => [...containers, ...initContainers]);
  const found = all.flatMap(({ env = [] }) => env).filter(({ name }) => name === variable);
  return [...new Set(found.map(({ value = '' }) => value))];
}
const agents = valuesOf('vault-agent', 'VAULT_CONFIG').map((config) => ({ with: { config } }));
const sidecars = valuesOf('dapr', 'DAPR_TRUST_ANCHORS').map((anchors) => ({ with: { anchors } }));
const SCRIPT = Buffer.from('#!/bin/sh\nset -e\necho building\n').toString('base64');
const scripts = Object.fromEntries([0, 1, 2, 3].map((at) => [`script-${at}`, SCRIPT]));
const steps = [{ with: { ...scripts, entrypoint: 'make', args: ['-C', '/workspace', 'test'] } }];
const SERVER =
  'python3 -m vllm.entrypoints.openai.api_server --port 8080 --model meta-llama/Llama-3.1-405B-Instruct --tensor-parallel-size 8 --pipeline_parallel_size 2';
const proxies = valuesOf('istio', 'ISTIO_META_POD_PORTS').map((ports) => ({ with: { ports, containers: 'hello' } }));

describe.each([
  ['kuberay', [{}], []],
  ['fluent-bit', [{}], []],
  ['ollama', [{}], []],
  // Its engine is told a model: that is asked for.
  ['vllm-stack', [router], ['vllm']],
  ['vault-agent', agents, []],
  ['otel-collector', [{}], []],
  ['istio', proxies, []],
  ['dapr', sidecars, []],
  ['tekton', steps, []],
  ['lws', [{ with: { server: SERVER } }], []],
  ['nats', [{}], []],
] as const)('the template %s', (name, filled, others) => {
  const specs = () =>
    rendered(name).filter(({ containers }) => !containers.some((one) => others.some((own) => own === one.name)));

  it('admits what was rendered, and the approval of the image alone does not', () => {
    const state = withTemplate(name, filled);
    expect(specs().length).toBeGreaterThan(0);
    for (const spec of specs()) {
      expect(answerFor(pod(spec), state)).toMatchObject({ allowed: true, message: '' });
      const { allowed, message } = answerFor(pod(spec), held);
      expect({ allowed, message }).toEqual({
        allowed: false,
        message: expect.stringContaining(`an exception can say template: ${name}`),
      });
    }
  });

  it('admits nothing that is told more', () => {
    const state = withTemplate(name, filled);
    for (const spec of specs()) {
      const [first] = spec.containers;
      if (first === undefined) throw new Error('no container');
      const others = spec.containers.slice(1);
      const args = first.args ?? [];
      for (const changed of [
        { ...first, args: [...args, '--model=evil/model'] },
        { ...first, args: [...args.slice(0, -1), `${args.at(-1) ?? ''}; vllm serve evil/model`] },
        { ...first, env: [...(first.env ?? []), { name: 'LD_PRELOAD', value: '/x.so' }] },
        { ...first, image: `registry.example/${name}@sha256:${'a'.repeat(64)}` },
        { ...first, command: ['sh', '-c', 'vllm serve evil/model'] },
      ])
        expect(answerFor(pod({ ...spec, containers: [changed, ...others] }), state).allowed).toBe(false);
    }
  });
});
