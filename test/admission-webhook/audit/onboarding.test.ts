import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Onboarding } from '../../../admission-webhook/src/audit/onboarding.ts';
import type { Baseline } from '../../../admission-webhook/src/baseline.ts';
import { postureKnowledge } from '../../../admission-webhook/src/decide/index.ts';
import { exceptionsYaml, readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { answerFor, MANIFESTS, pod, production, RUNS, runs } from '../decide/evasions.ts';
import { gateOf, NOW, requestOf, reviewOf } from '../decide/support.ts';

type State = Awaited<ReturnType<typeof production>>;
let held: State;
beforeAll(async () => {
  held = await production();
});

let baselines: readonly Baseline[] = [];
function onboarding(...objects: readonly object[]) {
  const all = new Onboarding();
  for (const object of objects)
    all.take(requestOf(reviewOf(object)), postureKnowledge('models', held, NOW), { baselines, now: NOW });
  return all.result();
}

/** What was proposed, once somebody has reviewed it. */
function reviewed(exceptions: Parameters<typeof exceptionsYaml>[0]): State {
  const written: { exceptions: object[] } = parse(exceptionsYaml(exceptions));
  const about = { owner: 'ops', reason: 'reviewed', expires: '2099-01-01' };
  const spec = {
    defaults: { stage: 'production' },
    exceptions: written.exceptions.map((one) => ({ ...one, ...about })),
  };
  const text = JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec });
  return gateOf(held.snapshot, readAdmissionConfig(text, 'c.yaml'));
}

describe('the proposals of an audit', () => {
  it.each(MANIFESTS.filter(({ expect: wanted, id }) => wanted === 'exception' && id !== 'fp-trainjob-sdk'))(
    'admit $id once they are reviewed, and nothing else',
    ({ object }) => {
      const { exceptions, containers, ready, others, postures } = onboarding(object);
      expect(postures.length).toBe(containers);
      expect(others).toEqual([]);
      const state = reviewed(exceptions);
      expect(answerFor(object, state)).toMatchObject({ allowed: true, message: '' });
      if (exceptions.length > 0) expect(ready).toBeLessThan(containers);
      const admitted = (by: State) =>
        MANIFESTS.filter((one) => one.expect === 'deny' && answerFor(one.object, by).allowed).map(({ id }) => id);
      expect(admitted(state)).toEqual(admitted(held));
    },
  );

  it('are not read before somebody owns them', () => {
    const { exceptions } = onboarding(pod(runs('acme/x', { command: ['sh', '-c', 'x'] })));
    const spec = parse(exceptionsYaml(exceptions));
    const text = JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec });
    expect(() => readAdmissionConfig(text, 'c')).toThrow(/owner is empty/);
  });

  it('keep the words of a container, whatever is in them', () => {
    const odd = [
      '\n\tif [ $A ]; then\n  echo "{name}: #{host:port}"\nfi\n',
      ' ',
      '',
      "'",
      'yes',
      '1',
      '{{number}',
      'ä€😀',
      '- a: b',
    ];
    const container = runs('acme/x', { command: ['/bin/x', ...odd], env: [{ name: 'A', value: ' {name}\n' }] });
    const state = reviewed(onboarding(pod(container)).exceptions);
    expect(answerFor(pod(container), state).allowed).toBe(true);
    const other = { ...container, command: ['/bin/x', ...odd.map((word) => word.replace('{name}', 'evil'))] };
    expect(answerFor(pod(other), state).allowed).toBe(false);
  });

  it('are grouped by image, and counted once for all Pods of one owner', () => {
    const image = `acme/y@sha256:${'b'.repeat(64)}`;
    const one = {
      name: 'c',
      image,
      volumeMounts: [{ name: 'kube-api-access-1', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
    };
    const other = { ...one, volumeMounts: [{ ...one.volumeMounts[0], name: 'kube-api-access-2' }] };
    const tokens = (id: string) => ({
      volumes: [
        { name: `kube-api-access-${id}`, projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      ],
    });
    const told = onboarding(
      pod(one, tokens('1')),
      pod(other, tokens('2')),
      pod({ ...one, name: 'd' }, tokens('1')),
      pod(runs('nginx')),
    );
    expect(told).toMatchObject({ containers: 3, ready: 1, approvals: [{ image, containers: 2 }], exceptions: [] });
  });

  it('say what neither admits', () => {
    const privileged = runs('acme/x', { command: ['x'], securityContext: { privileged: true } });
    const tagged = { image: 'acme/x:1' };
    const labels = runs('acme/x', { volumeMounts: [{ name: 'v', mountPath: '/p' }] });
    const volumes = [
      { name: 'v', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    ];
    const { others, exceptions } = onboarding(pod(privileged), pod(tagged), pod(labels, { volumes }));
    expect(exceptions).toEqual([]);
    expect(others.map(({ why }) => why)).toEqual([
      expect.stringContaining('"x"'),
      expect.stringContaining('not named by its digest'),
      expect.stringContaining('labels or annotations'),
    ]);
  });

  it('count what goes on by a baseline, which is not ready', () => {
    const container = pod(runs('acme/x', { name: 'job', command: ['sh', '-c', 'x'] }));
    const { templates } = onboarding(container);
    const until = (expires: string) => [{ owner: 'o', reason: 'r', expires, templates: new Set(templates) }];
    baselines = until('2099-01-01T00:00:00Z');
    expect(onboarding(container, pod(runs('acme/x', { command: ['sh', '-c', 'y'] })))).toMatchObject({
      containers: 2,
      ready: 0,
      goingOn: 1,
    });
    baselines = until(NOW.toISOString());
    expect(onboarding(container)).toMatchObject({ containers: 1, ready: 0, goingOn: 0 });
    baselines = [];
  });

  it('name what an exception admits already', () => {
    const container = runs('acme/x', { name: 'job', command: ['sh', '-c', 'x'] });
    const first = onboarding(pod(container));
    const all = new Onboarding();
    const state = reviewed(first.exceptions);
    all.take(requestOf(reviewOf(pod(container))), postureKnowledge('models', state, NOW), { baselines, now: NOW });
    expect(all.result()).toMatchObject({
      ready: 1,
      postures: [{ posture: 'excepted', exception: expect.stringMatching(/^job-/) }],
    });
    expect(RUNS).toBe(first.exceptions[0]?.image);
  });
});
