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

/** A Pod after mutation, with an init container of the user that reads the model after ours. */
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
  ['another image with the same name', (_, fetcher) => (fetcher.image = 'evil'), /another container may write/],
  [
    'a tag instead of the digest of the image',
    (_, fetcher) => (fetcher.image = IMAGE.replace(/@.*/, ':latest')),
    /another container may write/,
  ],
  ["a command in place of the image's own", (_, fetcher) => (fetcher.command = ['sh']), /another container may write/],
  ['a lifecycle hook', (_, fetcher) => (fetcher.lifecycle = { postStart: {} }), /another container may write/],
  [
    'a restart policy that keeps it running',
    (_, fetcher) => (fetcher.restartPolicy = 'Always'),
    /another container may write/,
  ],
  [
    'variables from a ConfigMap',
    (_, fetcher) => (fetcher.envFrom = [{ configMapRef: { name: 'x' } }]),
    /another container may write/,
  ],
  [
    'a module that Node.js loads first',
    (_, fetcher) => fetcher.env.push({ name: 'NODE_OPTIONS', value: '--require=/x' }),
    /another container may write/,
  ],
  [
    'a variable that refers to a variable',
    (_, fetcher) => fetcher.env.push({ name: 'HF_TOKEN', value: '$(X)' }),
    /another container may write/,
  ],
  [
    'a field of the Pod as a variable',
    (_, fetcher) => fetcher.env.push({ name: 'HF_TOKEN', valueFrom: { fieldRef: {} } }),
    /another container may write/,
  ],
  ['a root user', (_, fetcher) => (fetcher.securityContext = { runAsUser: 0 }), /another container may write/],
  [
    'an additional capability',
    (_, fetcher) => (fetcher.securityContext.capabilities.add = ['SYS_ADMIN']),
    /another container may write/,
  ],
  ['a missing digest', (_, fetcher) => fetcher.args.splice(4, 2), /another container may write/],
  ['an additional argument', (_, fetcher) => fetcher.args.push('--cache=/x'), /another container may write/],
  ['another cache', (_, fetcher) => (fetcher.args[3] = '/assay/models/other'), /another container may write/],
  [
    'a model that is not pinned',
    (_, fetcher) => (fetcher.args[1] = 'hf://acme/llama@main'),
    /another container may write/,
  ],
  [
    'an invalid name',
    (_, fetcher) => (fetcher.args[1] = `hf://--x/y@${'a'.repeat(40)}`),
    /another container may write/,
  ],
  ['another verb', (_, fetcher) => (fetcher.args[0] = 'scan'), /another container may write/],
  [
    'a volume mounted over its program',
    (_, fetcher) => fetcher.volumeMounts.push({ name: 'x', mountPath: '/app' }),
    /another container may write/,
  ],
  [
    'a volume mounted within its output',
    (_, fetcher) => fetcher.volumeMounts.push({ name: 'x', mountPath: '/assay/models/hub' }),
    /another container may write/,
  ],
  ['a subPath of the volume', (_, fetcher) => (fetcher.volumeMounts[0].subPath = 'x'), /another container may write/],
  ['a digest that is not approved', (_, fetcher) => (fetcher.args[5] = sha256('evil')), /not the approved one/],
  [
    'another model with the digest of the approved one',
    (_, fetcher) => {
      fetcher.args[1] = `hf://acme/evil@${'e'.repeat(40)}`;
      fetcher.args[5] = sha256(fetcher.args[1]);
    },
    /no init container of the webhook fetches it/,
  ],
  [
    'a missing fetching container',
    (pod) => pod.spec.initContainers.splice(0, 2),
    /no init container of the webhook fetches it/,
  ],
  [
    'a second fetching container with another digest',
    (pod, fetcher) => {
      const args = fetcher.args.map((text: string, index: number) => (index === 5 ? sha256('evil') : text));
      pod.spec.initContainers.splice(2, 0, { ...fetcher, name: 'assay-fetch-9', args });
    },
    /twice with different digests/,
  ],
  [
    'a sidecar that writes to the volume',
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
    'a debug container that writes to the volume',
    (pod) =>
      (pod.spec.ephemeralContainers = [{ name: 's', image: 's', volumeMounts: [{ name: VOLUME, mountPath: '/x' }] }]),
    /another container may write/,
  ],
  [
    'read-only as a string',
    (pod) =>
      pod.spec.containers.push({
        name: 's',
        image: 's',
        volumeMounts: [{ name: VOLUME, mountPath: '/x', readOnly: 'true' }],
      }),
    /another container may write/,
  ],
  [
    'a host path as the volume',
    (pod) => (pod.spec.volumes[0] = { name: VOLUME, hostPath: { path: '/evil' } }),
    /not an empty folder/,
  ],
  [
    'a volume with two sources',
    (pod) => (pod.spec.volumes[0].persistentVolumeClaim = { claimName: 'x' }),
    /not an empty folder/,
  ],
  ['the volume defined twice', (pod) => pod.spec.volumes.push({ name: VOLUME, emptyDir: {} }), /not an empty folder/],
  ['a volume without a source', (pod) => (pod.spec.volumes[0] = { name: VOLUME }), /not an empty folder/],
  ['a loader that can write', (_, __, server) => (server.volumeMounts[0].readOnly = false), /does not mount/],
  ['a loader that mounts a part only', (_, __, server) => (server.volumeMounts[0].subPath = 'x'), /does not mount/],
  [
    'a loader with another volume there',
    (_, __, server) => (server.volumeMounts[0].mountPath = '/assay'),
    /does not mount/,
  ],
  [
    'a volume over a part of it',
    (_, __, server) => server.volumeMounts.push({ name: 'x', mountPath: '/assay/models/hub/models--acme--llama' }),
    /does not mount/,
  ],
  [
    'a volume over a part of it, in another spelling',
    (_, __, server) => server.volumeMounts.push({ name: 'x', mountPath: '//assay/./models//hub' }),
    /does not mount/,
  ],
  [
    'the loader back online',
    (_, __, server) => server.env.push({ name: 'HF_HUB_OFFLINE', value: '0' }),
    /HF_HUB_OFFLINE is not exactly/,
  ],
  [
    'the loader without its offline variable',
    (_, __, server) => (server.env = server.env.filter(({ name }: Pod) => name !== 'TRANSFORMERS_OFFLINE')),
    /TRANSFORMERS_OFFLINE is not exactly/,
  ],
  ["a cache of the loader's own", (_, __, server) => (server.env[0].value = '/tmp/hub'), /HF_HUB_CACHE is not exactly/],
  [
    'a cache from a ConfigMap',
    (_, __, server) => (server.env[2] = { name: 'TRANSFORMERS_CACHE', valueFrom: { configMapKeyRef: {} } }),
    /TRANSFORMERS_CACHE is not exactly/,
  ],
  [
    'a command that sets the variable again',
    (_, __, server) => (server.command = ['/usr/bin/env', 'HF_HUB_OFFLINE=0', 'vllm', 'serve']),
    /may change variables/,
  ],
  ['a download folder', (_, __, server) => server.args.push('--download-dir=/x'), /may make it load from elsewhere/],
  ['the process namespace of the node', (pod) => (pod.spec.hostPID = true), /hostPID/],
  ['a static Pod', (pod) => (pod.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' }), /static Pod/],
  ['an object that is not a Pod', (pod) => (pod.kind = 'Deployment'), /not a Pod/],
];

describe('the injection check', () => {
  it('verifies an unchanged injection', () => {
    const pod = made();
    expect(pod.spec.initContainers.map(({ name }: Pod) => name)).toEqual(['assay-fetch', 'assay-fetch-1', 'warm']);
    expect(verdictOf(pod)).toEqual({ kind: 'verified' });
    expect(verdictOf(pod, LORA)).toEqual({ kind: 'verified' });
    expect(answer(pod, state, FETCH).allowed).toBe(true);
  });

  it.each(FORGERIES)('does not verify %s', (_, forge, why) => {
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

  it('does not verify a reader that starts before its model is fetched', () => {
    const pod = made();
    pod.spec.initContainers.reverse();
    expect(verdictOf(pod, LORA)).toMatchObject({ why: expect.stringMatching(/fetches it/) });
    expect(verdictOf(pod)).toEqual({ kind: 'verified' });
  });

  it('does not accept forged parts that the Pod had before its mutation', () => {
    const pod = made();
    pod.spec.initContainers[0].image = 'evil';
    const { mutation, object } = change(pod, state, FETCH);
    expect(mutation.warnings.join()).toMatch(/has its own mount at/);
    expect(answer(object, state, FETCH).allowed).toBe(false);
  });
});
