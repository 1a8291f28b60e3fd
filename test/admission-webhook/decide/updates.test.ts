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
