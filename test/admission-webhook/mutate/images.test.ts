import { beforeAll, describe, expect, it } from 'vitest';
import type { WebhookState } from '../../../admission-webhook/src/index.ts';
import { gateOf, heldSnapshot, sha256 } from '../decide/support.ts';
import { ANNOTATE, change, REWRITE } from './ground.ts';

const facts = { entrypoint: [], cmd: [], env: [], workingDir: '/', volumes: [] };
const named = (name: string, digest: string) =>
  ({ digest: sha256(digest), notAfter: null, as: 'program', name, facts }) as const;
let state: WebhookState;
beforeAll(async () => {
  const images = [
    named('oci://docker.io/library/nginx:1.27', 'nginx'),
    named('oci://docker.io/library/nginx:latest', 'newest'),
    named('oci://registry.example:5000/a/b:1', 'b'),
    named('oci://registry.example/twice:1', 'x'),
    named('oci://registry.example/twice:1', 'y'),
  ];
  state = gateOf(await heldSnapshot([], { schemaVersion: '3', images }));
});

const pod = (...images: string[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: images.map((image, at) => ({ name: `c${at}`, image })) },
});
const images = (of: unknown): readonly string[] =>
  JSON.parse(JSON.stringify(of)).spec.containers.map(({ image }: { image: string }) => image);

describe('the tag of an image', () => {
  it.each([
    ['nginx:1.27', `nginx:1.27@${sha256('nginx')}`],
    ['docker.io/library/nginx:1.27', `docker.io/library/nginx:1.27@${sha256('nginx')}`],
    ['nginx', `nginx@${sha256('newest')}`],
    ['registry.example:5000/a/b:1', `registry.example:5000/a/b:1@${sha256('b')}`],
    ['registry.example/twice:1', 'registry.example/twice:1'],
    ['nginx:1.28', 'nginx:1.28'],
    ['evil.example/library/nginx:1.27', 'evil.example/library/nginx:1.27'],
    [`nginx:1.27@${sha256('other')}`, `nginx:1.27@${sha256('other')}`],
  ])('%s becomes %s', (before, after) => {
    const changed = change(pod(before, 'busybox'), state, REWRITE);
    expect(images(changed.object)).toEqual([after, 'busybox']);
    expect(change(changed.object, state, REWRITE).mutation.patch).toEqual([]);
  });

  it('stays where nothing is rewritten', () => {
    expect(images(change(pod('nginx:1.27'), state, ANNOTATE).object)).toEqual(['nginx:1.27']);
  });
});
