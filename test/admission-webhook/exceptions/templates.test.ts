import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { answerFor, production, RUNS } from '../decide/evasions.ts';
import { gateOf } from '../decide/support.ts';

interface Container {
  readonly name: string;
  image: string;
  args?: string[] | null;
  env?: { name: string; value?: string }[];
}
interface PodSpec {
  readonly containers: Container[];
  readonly initContainers?: Container[];
}

let held: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  held = await production();
});

/** What an operator rendered, with images by an approved digest. */
function rendered(name: string): readonly PodSpec[] {
  const text = readFileSync(new URL(`../../../fixtures/admission-operators/${name}.json`, import.meta.url), 'utf8');
  const specs: readonly PodSpec[] = JSON.parse(text);
  for (const { containers, initContainers = [] } of specs)
    for (const one of [...containers, ...initContainers]) one.image = `registry.example/${name}@${RUNS}`;
  return specs;
}

function withTemplate(template: string, more: object = {}) {
  const about = { id: 'e', owner: 'ops', reason: 'reviewed', expires: '2099-01-01', images: [RUNS] };
  const spec = { defaults: { stage: 'production' }, exceptions: [{ ...about, template, ...more }] };
  const config = readAdmissionConfig(
    JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec }),
    'c',
  );
  return gateOf(held.snapshot, config);
}

const pod = (spec: PodSpec) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
const router = { with: { 'label-selector': 'environment=test,release=test' } };

describe.each([
  ['kuberay', {}, []],
  ['fluent-bit', {}, []],
  ['ollama', {}, []],
  // Its engine is told a model: that is asked for.
  ['vllm-stack', router, ['vllm']],
] as const)('the template %s', (name, more, others) => {
  const specs = () =>
    rendered(name).filter(({ containers }) => !containers.some((one) => others.some((own) => own === one.name)));

  it('admits what was rendered, and the approval of the image alone does not', () => {
    const state = withTemplate(name, more);
    expect(specs().length).toBeGreaterThan(0);
    for (const spec of specs()) {
      expect(answerFor(pod(spec), state)).toMatchObject({ allowed: true, message: '' });
      expect(answerFor(pod(spec), held).allowed).toBe(false);
    }
  });

  it('admits nothing that is told more', () => {
    const state = withTemplate(name, more);
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
