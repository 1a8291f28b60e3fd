import { beforeAll, describe, expect, it } from 'vitest';
import { baselineDigests } from '../../../admission-webhook/src/baseline.ts';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { answerFor, pod, production, runs, vllm } from './evasions.ts';
import { gateOf, NOW } from './support.ts';

type State = Awaited<ReturnType<typeof production>>;
let held: State;
beforeAll(async () => {
  held = await production();
});

function baselineOf(objects: readonly object[], more: object = {}, namespace = 'models'): State {
  const templates = objects.flatMap((object) =>
    baselineDigests(namespace, object, extractReferences(object)).map(({ digest }) => digest),
  );
  const baseline = { owner: 'ops', reason: 'enforcement began', expires: '2099-01-01', templates, ...more };
  const spec = { defaults: { stage: 'production' }, baseline };
  const text = JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec });
  return gateOf(held.snapshot, readAdmissionConfig(text, 'c.yaml'));
}

const job = runs('acme/x', { command: ['sh', '-c', 'run'] });
const token = (id: string) => ({
  container: {
    ...job,
    volumeMounts: [
      { name: `kube-api-access-${id}`, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ],
  },
  spec: {
    volumes: [{ name: `kube-api-access-${id}`, projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
  },
});

describe('a baseline', () => {
  it('lets go on what ran, with a warning, until its end', () => {
    const state = baselineOf([pod(job)]);
    expect(answerFor(pod(job), held).allowed).toBe(false);
    const { allowed, warnings, auditAnnotations, record } = answerFor(pod(job), state);
    expect(auditAnnotations.baseline).toBe('configuration');
    expect(record.rulings[0]?.baseline).toEqual({
      owner: 'ops',
      expires: '2099-01-01T00:00:00Z',
      by: null,
      digest: null,
    });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [
        expect.stringMatching(
          /^it ran when enforcement began \(baseline of ops until 2099-01-01T00:00:00Z\): the container c/,
        ),
      ],
    });
    expect(answerFor(pod(job), baselineOf([pod(job)], { expires: NOW.toISOString() })).allowed).toBe(false);
    expect(answerFor(pod(job), baselineOf([pod(job)], {}, 'elsewhere')).allowed).toBe(false);
  });

  it('knows a Pod by its template, whatever its token is called', () => {
    const [one, other] = [token('a'), token('b')];
    const state = baselineOf([pod(one.container, one.spec)]);
    expect(answerFor(pod(other.container, other.spec), state).allowed).toBe(true);
    expect(answerFor(pod(job), state).allowed).toBe(true);
    const template = { spec: { containers: [{ name: 'c', ...job }] } };
    expect(answerFor({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { template } }, state).allowed).toBe(true);
    // What only looks like the token is another volume.
    const fake = { volumes: [{ name: 'kube-api-access-a', hostPath: { path: '/' } }] };
    expect(answerFor(pod(one.container, fake), state).allowed).toBe(false);
  });

  it.each<[string, object, object?]>([
    ['another word', { ...job, command: ['sh', '-c', 'run evil'] }],
    ['a variable', { ...job, env: [{ name: 'A', value: 'b' }] }],
    ['another image', { ...job, image: `acme/x@sha256:${'a'.repeat(64)}` }],
    ['privileges', { ...job, securityContext: { privileged: true } }],
    [
      'a volume',
      { ...job, volumeMounts: [{ name: 'v', mountPath: '/x' }] },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ],
    ['another container', job, { initContainers: [{ name: 'i', ...runs('acme/x', { command: ['x'] }) }] }],
    ['the processes of the node', job, { hostPID: true }],
    ['another account', job, { serviceAccountName: 'other' }],
  ])('does not let go on %s', (_, container, spec) => {
    expect(answerFor(pod(container, spec), baselineOf([pod(job)])).allowed).toBe(false);
  });

  it('lets no denied model run', () => {
    const bad = { ...vllm(), args: ['--model', 'bad/denied', '--revision', '2'.repeat(40)] };
    expect(answerFor(pod(bad), baselineOf([pod(bad)])).allowed).toBe(false);
    const unlisted = { ...vllm(), args: ['--model', 'some/model', '--revision', '3'.repeat(40)] };
    expect(answerFor(pod(unlisted), baselineOf([pod(unlisted)])).allowed).toBe(true);
  });

  it('is owned, and ends', () => {
    for (const more of [{ owner: '' }, { reason: '' }, { expires: '' }, { expires: 'never' }, { templates: ['x'] }])
      expect(() => baselineOf([pod(job)], more)).toThrow(/is empty|not a time|not a digest/);
  });
});
