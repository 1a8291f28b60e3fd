import { beforeAll, describe, expect, it } from 'vitest';
import { type InjectionAnswer, verifyInjected, type WebhookState } from '../../../admission-webhook/src/index.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { approved, NOW, sha256 } from '../decide/support.ts';
import { answer, change, ENTRIES, FETCH, IMAGE, LORA, PINNED, podOf, webhook } from './ground.ts';

// biome-ignore lint/suspicious/noExplicitAny: each forgery changes another part of an untyped object
type Pod = any;

let state: WebhookState;
beforeAll(async () => {
  state = await webhook([...ENTRIES, approved(`hf://acme/evil@${'e'.repeat(40)}`)]);
});

/** A Pod as the webhook makes it, with a reading init container of the user's own after ours. */
function made(): Pod {
  const reader = { name: 'warm', image: 'vllm/vllm-openai:v0.8', args: ['--model', 'acme/lora'] };
  const pod = podOf({ args: ['--model', 'acme/llama'] }, { initContainers: [reader], volumes: [] });
  return change(pod, state, FETCH).object;
}

function verdictOf(pod: Pod, reference = PINNED): InjectionAnswer {
  const { snapshot } = state;
  if (snapshot.kind !== 'held') throw new Error('no snapshot');
  const found = extractReferences(pod).references.find((one) => one.reference === reference && one.via === 'vllm');
  if (found === undefined) throw new Error('the reference is not found');
  return verifyInjected(pod, found, { image: IMAGE, decisions: snapshot.index, now: NOW });
}

const VOLUME = 'assay-models';

const FORGERIES: readonly [string, (pod: Pod, fetcher: Pod, server: Pod) => void, RegExp][] = [
  ['another image by the same name', (_, fetcher) => (fetcher.image = 'evil'), /another container may write/],
  [
    'a tag of the image',
    (_, fetcher) => (fetcher.image = IMAGE.replace(/@.*/, ':latest')),
    /another container may write/,
  ],
  ['a command in place of its own', (_, fetcher) => (fetcher.command = ['sh']), /another container may write/],
  ['a hook', (_, fetcher) => (fetcher.lifecycle = { postStart: {} }), /another container may write/],
  ['one that goes on', (_, fetcher) => (fetcher.restartPolicy = 'Always'), /another container may write/],
  [
    'variables from elsewhere',
    (_, fetcher) => (fetcher.envFrom = [{ configMapRef: { name: 'x' } }]),
    /another container may write/,
  ],
  [
    'a module that it loads first',
    (_, fetcher) => fetcher.env.push({ name: 'NODE_OPTIONS', value: '--require=/x' }),
    /another container may write/,
  ],
  [
    'a variable with a variable',
    (_, fetcher) => fetcher.env.push({ name: 'HF_TOKEN', value: '$(X)' }),
    /another container may write/,
  ],
  [
    'a field of the Pod as variable',
    (_, fetcher) => fetcher.env.push({ name: 'HF_TOKEN', valueFrom: { fieldRef: {} } }),
    /another container may write/,
  ],
  ['root', (_, fetcher) => (fetcher.securityContext = { runAsUser: 0 }), /another container may write/],
  [
    'one right more',
    (_, fetcher) => (fetcher.securityContext.capabilities.add = ['SYS_ADMIN']),
    /another container may write/,
  ],
  ['no digest', (_, fetcher) => fetcher.args.splice(4, 2), /another container may write/],
  ['an argument more', (_, fetcher) => fetcher.args.push('--cache=/x'), /another container may write/],
  ['another cache', (_, fetcher) => (fetcher.args[3] = '/assay/models/other'), /another container may write/],
  [
    'a model that is not pinned',
    (_, fetcher) => (fetcher.args[1] = 'hf://acme/llama@main'),
    /another container may write/,
  ],
  [
    'a name that is none',
    (_, fetcher) => (fetcher.args[1] = `hf://--x/y@${'a'.repeat(40)}`),
    /another container may write/,
  ],
  ['another verb', (_, fetcher) => (fetcher.args[0] = 'scan'), /another container may write/],
  [
    'something mounted over its program',
    (_, fetcher) => fetcher.volumeMounts.push({ name: 'x', mountPath: '/app' }),
    /another container may write/,
  ],
  [
    'something within what it writes',
    (_, fetcher) => fetcher.volumeMounts.push({ name: 'x', mountPath: '/assay/models/hub' }),
    /another container may write/,
  ],
  ['a part of the volume', (_, fetcher) => (fetcher.volumeMounts[0].subPath = 'x'), /another container may write/],
  ['a digest that nobody approved', (_, fetcher) => (fetcher.args[5] = sha256('evil')), /not the approved one/],
  [
    'another model with its digest',
    (_, fetcher) => {
      fetcher.args[1] = `hf://acme/evil@${'e'.repeat(40)}`;
      fetcher.args[5] = sha256(fetcher.args[1]);
    },
    /no init container of the webhook fetches it/,
  ],
  ['none that fetches', (pod) => pod.spec.initContainers.splice(0, 2), /no init container of the webhook fetches it/],
  [
    'a second one with another digest',
    (pod, fetcher) => {
      const args = fetcher.args.map((text: string, index: number) => (index === 5 ? sha256('evil') : text));
      pod.spec.initContainers.splice(2, 0, { ...fetcher, name: 'assay-fetch-9', args });
    },
    /twice with different digests/,
  ],
  [
    'a sidecar that writes',
    (pod) => pod.spec.containers.push({ name: 's', image: 's', volumeMounts: [{ name: VOLUME, mountPath: '/x' }] }),
    /another container may write/,
  ],
  [
    'an init container that writes after it',
    (pod) =>
      pod.spec.initContainers.push({
        name: 's',
        image: 's',
        volumeMounts: [{ name: VOLUME, mountPath: '/x', readOnly: false }],
      }),
    /another container may write/,
  ],
  [
    'a container for debugging that writes',
    (pod) =>
      (pod.spec.ephemeralContainers = [{ name: 's', image: 's', volumeMounts: [{ name: VOLUME, mountPath: '/x' }] }]),
    /another container may write/,
  ],
  [
    'read-only as a text',
    (pod) =>
      pod.spec.containers.push({
        name: 's',
        image: 's',
        volumeMounts: [{ name: VOLUME, mountPath: '/x', readOnly: 'true' }],
      }),
    /another container may write/,
  ],
  [
    'a volume of the node',
    (pod) => (pod.spec.volumes[0] = { name: VOLUME, hostPath: { path: '/evil' } }),
    /not an empty folder/,
  ],
  [
    'two kinds of volume in one',
    (pod) => (pod.spec.volumes[0].persistentVolumeClaim = { claimName: 'x' }),
    /not an empty folder/,
  ],
  ['the volume twice', (pod) => pod.spec.volumes.push({ name: VOLUME, emptyDir: {} }), /not an empty folder/],
  ['a volume without a source', (pod) => (pod.spec.volumes[0] = { name: VOLUME }), /not an empty folder/],
  ['the loader may write', (_, __, server) => (server.volumeMounts[0].readOnly = false), /does not mount/],
  ['the loader sees a part alone', (_, __, server) => (server.volumeMounts[0].subPath = 'x'), /does not mount/],
  [
    'the loader has another folder there',
    (_, __, server) => (server.volumeMounts[0].mountPath = '/assay'),
    /does not mount/,
  ],
  [
    'a folder over a part of it',
    (_, __, server) => server.volumeMounts.push({ name: 'x', mountPath: '/assay/models/hub/models--acme--llama' }),
    /does not mount/,
  ],
  [
    'a folder over a part of it, spelled otherwise',
    (_, __, server) => server.volumeMounts.push({ name: 'x', mountPath: '//assay/./models//hub' }),
    /does not mount/,
  ],
  [
    'the network again',
    (_, __, server) => server.env.push({ name: 'HF_HUB_OFFLINE', value: '0' }),
    /HF_HUB_OFFLINE is not exactly/,
  ],
  [
    'offline missing',
    (_, __, server) => (server.env = server.env.filter(({ name }: Pod) => name !== 'TRANSFORMERS_OFFLINE')),
    /TRANSFORMERS_OFFLINE is not exactly/,
  ],
  ['a cache of its own', (_, __, server) => (server.env[0].value = '/tmp/hub'), /HF_HUB_CACHE is not exactly/],
  [
    'a cache from a ConfigMap',
    (_, __, server) => (server.env[2] = { name: 'TRANSFORMERS_CACHE', valueFrom: { configMapKeyRef: {} } }),
    /TRANSFORMERS_CACHE is not exactly/,
  ],
  [
    'a command that sets it again',
    (_, __, server) => (server.command = ['/usr/bin/env', 'HF_HUB_OFFLINE=0', 'vllm', 'serve']),
    /may change variables/,
  ],
  [
    'a folder for downloads',
    (_, __, server) => server.args.push('--download-dir=/x'),
    /may make it load from elsewhere/,
  ],
  ['processes of the node', (pod) => (pod.spec.hostPID = true), /hostPID/],
  ['a static Pod', (pod) => (pod.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' }), /static Pod/],
  ['not a Pod', (pod) => (pod.kind = 'Deployment'), /not a Pod/],
];

describe('an injection is believed for what it is, not for its name', () => {
  it('as the webhook makes it', () => {
    const pod = made();
    expect(pod.spec.initContainers.map(({ name }: Pod) => name)).toEqual(['assay-fetch', 'assay-fetch-1', 'warm']);
    expect(verdictOf(pod)).toEqual({ kind: 'verified' });
    expect(verdictOf(pod, LORA)).toEqual({ kind: 'verified' });
    expect(answer(pod, state, FETCH).allowed).toBe(true);
  });

  it.each(FORGERIES)('%s', (_, forge, why) => {
    const pod = made();
    const fetchers: Pod[] = pod.spec.initContainers;
    forge(
      pod,
      fetchers.find(({ args }) => args[1] === PINNED),
      pod.spec.containers[0],
    );
    expect(verdictOf(pod)).toMatchObject({ kind: 'unverified', why: expect.stringMatching(why) });
    if (pod.kind === 'Pod') expect(answer(pod, state, FETCH).allowed).toBe(false);
  });

  it('a reader that starts before what it reads is fetched', () => {
    const pod = made();
    pod.spec.initContainers.reverse();
    expect(verdictOf(pod, LORA)).toMatchObject({ why: expect.stringMatching(/fetches it/) });
    expect(verdictOf(pod)).toEqual({ kind: 'verified' });
  });

  it('forged parts that were there first are not taken for ours when the Pod is changed', () => {
    const pod = made();
    pod.spec.initContainers[0].image = 'evil';
    const { mutation, object } = change(pod, state, FETCH);
    expect(mutation.warnings.join()).toMatch(/has its own mount at/);
    expect(answer(object, state, FETCH).allowed).toBe(false);
  });
});
