import { beforeAll, describe, expect, it } from 'vitest';
import { decideReview, type HeldSnapshot, type WebhookState } from '../../../admission-webhook/src/index.ts';
import { podOf } from '../../workload/build.ts';
import { ALLOWED_IMAGE, heldModels, pinned, vllm, withEnv } from './models.ts';
import { decide, gateOf, NOW, requestOf, reviewOf } from './support.ts';

let snapshot: HeldSnapshot;
let state: WebhookState;
beforeAll(async () => {
  snapshot = await heldModels();
  state = gateOf(snapshot);
});

describe('an update', () => {
  const update = (object: unknown, oldObject: unknown, more = {}) =>
    decide(reviewOf(Object(object), { operation: 'UPDATE', oldObject, ...more }), state);
  const bad = Object(podOf(pinned('acme/bad')));

  it('that changes no model is allowed, with a warning of what would be refused', () => {
    const labelled = { ...bad, metadata: { labels: { a: 'b' } } };
    const answer = update(labelled, bad);
    expect(answer).toMatchObject({ allowed: true, record: { skipped: 'unchanged', action: 'warn' } });
    expect(answer.warnings).toEqual([expect.stringMatching(/^unchanged, so it is not refused: hf:\/\/acme\/bad@/)]);
    const good = podOf(pinned('acme/good'));
    expect(update(good, good)).toMatchObject({ allowed: true, warnings: [], record: { skipped: 'unchanged' } });
  });

  it('that adds a model is judged by that model', () => {
    const both = { spec: { containers: [...bad.spec.containers, { name: 'd', ...pinned('acme/stray') }] } };
    const answer = update({ ...bad, ...both }, bad);
    expect(answer.allowed).toBe(false);
    expect(answer.message).toContain('acme/stray');
    expect(answer.message).not.toContain('acme/bad');
    expect(answer.warnings).toEqual([expect.stringMatching(/^unchanged, so it is not refused: hf:\/\/acme\/bad/)]);
  });

  it.each<[string, object, object]>([
    ['the model', pinned('acme/good'), pinned('acme/stray')],
    ['the server', pinned('acme/good'), withEnv(pinned('acme/good'), 'HF_ENDPOINT', 'https://x.example')],
    ['remote code', pinned('acme/good'), pinned('acme/good', '--trust-remote-code')],
    ['the load format', pinned('acme/good'), pinned('acme/good', '--load-format=pt')],
    ['the offline mode', pinned('acme/good'), withEnv(pinned('acme/good'), 'HF_HUB_OFFLINE', '1')],
    ['a script', { command: ['sh', '-c', 'true'] }, { command: ['sh', '-c', 'false'] }],
    [
      'a script in a variable',
      withEnv({ command: ['sh', '-c', '$(S)'] }, 'S', 'true'),
      withEnv({ command: ['sh', '-c', '$(S)'] }, 'S', 'false'),
    ],
    ['a referenced secret', { envFrom: [{ secretRef: { name: 'a' } }] }, { envFrom: [{ secretRef: { name: 'b' } }] }],
    [
      'the image that contains the model',
      { image: ALLOWED_IMAGE, args: ['--model', '/x'] },
      { image: 'x:1', args: ['--model', '/x'] },
    ],
  ])('that changes %s is refused', (_, before, after) => {
    expect(update(podOf(after), podOf(before)).allowed).toBe(false);
  });

  it.each<[string, object, object]>([
    ['the place of two containers', {}, {}],
    ['labels', { metadata: { labels: { a: 'b' } } }, {}],
    ['limits', { limits: true }, {}],
  ])('that changes only %s of what would be refused is allowed with a warning', (_, before, after) => {
    const made = (more: object, swapped: boolean) => {
      const resources = Object.hasOwn(more, 'limits') ? { resources: { limits: { cpu: '1' } } } : {};
      const one = { name: 'a', ...withEnv(pinned('acme/good'), 'EVIL', 'x'), ...resources };
      const two = { name: 'b', image: 'x', command: ['bash', '-ec', 'x'] };
      const containers = swapped ? [two, one] : [one, two];
      return { apiVersion: 'v1', kind: 'Pod', ...more, spec: { containers } };
    };
    const answer = update(made(after, true), made(before, false));
    expect(answer).toMatchObject({ allowed: true, record: { skipped: 'unchanged', action: 'warn' } });
  });

  it.each<[string, object, object]>([
    ['the name of a variable', { env: [{ name: 'A', value: 'x' }] }, { env: [{ name: 'B', value: 'x' }] }],
    [
      'the order of variables',
      {
        env: [
          { name: 'A', value: 'x' },
          { name: 'B', value: '' },
        ],
      },
      {
        env: [
          { name: 'B', value: '' },
          { name: 'A', value: 'x' },
        ],
      },
    ],
    [
      'where a volume is mounted',
      { volumeMounts: [{ name: 'v', mountPath: '/a' }] },
      { volumeMounts: [{ name: 'v', mountPath: '/root' }] },
    ],
    ['a hook', {}, { lifecycle: { postStart: { exec: { command: ['/x'] } } } }],
    ['a probe', {}, { livenessProbe: { exec: { command: ['/x'] } } }],
    ['a capability', {}, { securityContext: { privileged: true } }],
    ['the folder where it starts', {}, { workingDir: '/x' }],
  ])('that changes %s of a refused container is refused', (_, before, after) => {
    const volumes = [{ name: 'v', nfs: { server: 's', path: '/' } }];
    const refused = (more: object) => podOf({ ...pinned('acme/good', '--unknown'), ...more }, { volumes });
    expect(update(refused(before), refused(before)).allowed).toBe(true);
    expect(update(refused(after), refused(before)).allowed).toBe(false);
  });

  it('that changes what is behind a mount is refused', () => {
    const container = { ...pinned('acme/good', '--unknown'), volumeMounts: [{ name: 'v', mountPath: '/models' }] };
    const made = (path: string) => podOf(container, { volumes: [{ name: 'v', nfs: { server: 's', path } }] });
    expect(update(made('/a'), made('/a')).allowed).toBe(true);
    expect(update(made('/b'), made('/a')).allowed).toBe(false);
  });

  it('that puts the models of two containers into each other is refused', () => {
    const made = (first: string, second: string) => {
      const containers = [
        { name: 'a', image: 'one', args: ['--model', first] },
        { name: 'b', image: 'two', args: ['--model', second] },
      ];
      return { apiVersion: 'v1', kind: 'Pod', spec: { containers } };
    };
    expect(update(made('acme/x', 'acme/y'), made('acme/x', 'acme/y')).allowed).toBe(true);
    expect(update(made('acme/y', 'acme/x'), made('acme/x', 'acme/y')).allowed).toBe(false);
  });

  it('that adds a second container like a refused one is refused', () => {
    const one = bad.spec.containers[0];
    const both = { ...bad, spec: { containers: [one, { ...one }] } };
    expect(update(both, both).allowed).toBe(true);
    expect(update(both, bad).allowed).toBe(false);
  });

  it('that mounts another volume with an unapproved image is refused', () => {
    const volumes = ['a', 'b'].map((name) => ({ name, image: { reference: `reg.io/${name}:1` } }));
    const made = (name: string) => podOf({ image: 'x', volumeMounts: [{ name, mountPath: '/models' }] }, { volumes });
    expect(update(made('a'), made('a')).allowed).toBe(true);
    expect(update(made('b'), made('a')).allowed).toBe(false);
  });

  it('of the image of a program without a model is refused in production', () => {
    const production = gateOf(snapshot, { defaults: { stage: 'production' } });
    const asked = (image: string, before: string) => {
      const more = { operation: 'UPDATE', oldObject: podOf({ image: before }) };
      return decide(reviewOf(Object(podOf({ image })), more), production).allowed;
    };
    expect(asked('postgres:17', 'postgres:17')).toBe(true);
    expect(asked('postgres:18', 'postgres:17')).toBe(false);
  });

  it('by kubectl debug is judged', () => {
    const pod = Object(podOf(pinned('acme/good')));
    const spec = { ...pod.spec, ephemeralContainers: [{ name: 'debug', ...vllm('acme/stray') }] };
    const answer = update({ ...pod, spec }, pod, { subResource: 'ephemeralcontainers' });
    expect(answer.allowed).toBe(false);
    expect(answer.record.rulings[0]).toMatchObject({ outcome: 'unpinned', container: 'debug' });
  });
});

describe('a reference in an injected container', () => {
  const pod = Object(podOf(withEnv(pinned('acme/good'), 'HF_HUB_OFFLINE', '1')));
  it('is accepted only where the injection check confirms it', () => {
    const request = requestOf(reviewOf(pod));
    expect(decideReview(request, state, NOW).allowed).toBe(false);
    expect(decideReview(request, state, NOW, () => true).allowed).toBe(true);
    const stray = requestOf(reviewOf(Object(podOf(withEnv(pinned('acme/stray'), 'HF_HUB_OFFLINE', '1')))));
    expect(decideReview(stray, state, NOW, () => true).allowed).toBe(false);
  });

  it('counts as changed when an update removes the injection', () => {
    const old = { ...pod, metadata: { name: 'before' } };
    const request = requestOf(reviewOf(pod, { operation: 'UPDATE', oldObject: old }));
    const before = (object: unknown) => JSON.stringify(object)?.includes('before') === true;
    expect(decideReview(request, state, NOW)).toMatchObject({ allowed: true, record: { skipped: 'unchanged' } });
    const answer = decideReview(request, state, NOW, before);
    expect(answer.allowed).toBe(false);
    expect(answer.record.skipped).toBeUndefined();
  });
});
