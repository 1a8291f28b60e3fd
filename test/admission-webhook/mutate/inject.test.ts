import { beforeAll, describe, expect, it } from 'vitest';
import type { WebhookState } from '../../../admission-webhook/src/index.ts';
import { approved, COMMIT, sha256 } from '../decide/support.ts';
import { answer, change, FETCH, IMAGE, LORA, PINNED, podOf, webhook } from './ground.ts';

let state: WebhookState;
beforeAll(async () => {
  state = await webhook();
});

const LOAD = { args: ['--model', 'acme/llama'] };
const ENV = {
  HF_HUB_CACHE: '/assay/models/hub',
  HUGGINGFACE_HUB_CACHE: '/assay/models/hub',
  TRANSFORMERS_CACHE: '/assay/models/hub',
  SENTENCE_TRANSFORMERS_HOME: '/assay/models/hub',
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
};

type Container = {
  name: string;
  image: string;
  args: string[];
  env: { name: string; value?: string; valueFrom?: object }[];
  volumeMounts: object[];
};
type Spec = { volumes: { name: string }[]; initContainers: Container[]; containers: Container[] };
const specOf = (object: unknown): Spec => JSON.parse(JSON.stringify(object)).spec;
const first = <T>(list: readonly T[] | undefined): T => {
  const one = list?.[0];
  if (one === undefined) throw new Error('the list is empty');
  return one;
};

describe('a Pod that loads an approved model', () => {
  it('gets an init container that fetches and verifies the model, with no other rights', () => {
    const { object } = change(podOf(LOAD), state, FETCH);
    const spec = specOf(object);
    expect(spec.initContainers).toEqual([
      {
        name: 'assay-fetch',
        image: IMAGE,
        args: ['pull', PINNED, '--cache', '/assay/models/hub', '--expect', sha256(PINNED), '--quiet'],
        env: [],
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
          runAsGroup: 65532,
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [{ name: 'assay-models', mountPath: '/assay/models' }],
      },
    ]);
    expect(spec.volumes).toEqual([{ name: 'assay-models', emptyDir: {} }]);
    const server = first(spec.containers);
    expect(Object.fromEntries(server.env.map(({ name, value }) => [name, value]))).toEqual(ENV);
    expect(server.volumeMounts).toEqual([{ name: 'assay-models', mountPath: '/assay/models', readOnly: true }]);
    expect(server.args).toEqual(['--model', 'acme/llama', `--revision=${COMMIT}`]);
  });

  it('is then admitted, but only if the webhook injects with the same image', () => {
    const { object } = change(podOf(LOAD), state, FETCH);
    expect(answer(object, state, FETCH)).toMatchObject({ allowed: true });
    const without = answer(object, state, { ...FETCH, fetch: null });
    expect(without.allowed).toBe(false);
    expect(without.message).toMatch(/cache/);
    const other = answer(object, state, { ...FETCH, fetch: { image: 'other' } });
    expect(other.allowed).toBe(false);
  });

  it('is not changed when it is reviewed again', () => {
    const { object } = change(podOf(LOAD, { initContainers: [{ name: 'i', image: 'busybox' }] }), state, FETCH);
    expect(change(object, state, FETCH).mutation).toEqual({ patch: [], warnings: [] });
  });

  it('is not changed when it is reviewed after the API server and its plugins filled in fields', () => {
    const { object } = change(podOf(LOAD), state, FETCH);
    const spec = specOf(object);
    const token = {
      name: 'kube-api-access-x',
      readOnly: true,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    };
    for (const one of [...spec.initContainers, ...spec.containers]) {
      Object.assign(one, { imagePullPolicy: 'Always', resources: { limits: { memory: '2Gi' } } });
      one.volumeMounts.push(token);
    }
    const projected = { sources: [{ serviceAccountToken: { path: 'token' } }] };
    Object.assign(spec, { volumes: [...spec.volumes, { name: token.name, projected }] });
    spec.initContainers.unshift({ name: 'mesh', image: 'mesh', args: [], env: [], volumeMounts: [] });
    const stored = { ...podOf({}), spec };
    expect(answer(stored, state, FETCH).allowed).toBe(true);
    expect(change(stored, state, FETCH).mutation.patch).toEqual([]);
  });
});

describe('a running Pod', () => {
  const update = (oldObject: unknown, object: unknown) =>
    answer(object, state, FETCH, { operation: 'UPDATE', subResource: 'ephemeralcontainers', oldObject });
  const withDebugger = (object: unknown, mount: object) => {
    const spec = specOf(object);
    const ephemeralContainers = [{ name: 'debugger', image: 'busybox', volumeMounts: [mount] }];
    return { ...podOf({}), spec: { ...spec, ephemeralContainers } };
  };

  it('accepts no debug container that can write to verified files', () => {
    const { object } = change(podOf(LOAD), state, FETCH);
    const mount = { name: 'assay-models', mountPath: '/x' };
    const { allowed, message } = update(object, withDebugger(object, mount));
    expect({ allowed, message }).toEqual({ allowed: false, message: expect.stringContaining(PINNED) });
    expect(update(object, withDebugger(object, { ...mount, readOnly: true })).allowed).toBe(true);
  });

  it('accepts any debug container when its files were never verified', () => {
    const pod = podOf({
      args: ['--model', 'acme/llama', '--revision', COMMIT],
      env: [{ name: 'HF_HUB_OFFLINE', value: '1' }],
    });
    expect(update(pod, withDebugger(pod, { name: 'x', mountPath: '/x' })).allowed).toBe(true);
  });
});

describe('a Pod that already has', () => {
  it('Hub variables gets ours in their place, also in variables that refer to them', () => {
    const env = [
      { name: 'HF_HUB_OFFLINE', value: '0' },
      { name: 'HF_HUB_CACHE', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
      { name: 'HF_HOME', value: '/data' },
      { name: 'HF_HUB_OFFLINE', value: 'no' },
      { name: 'XDG_CACHE_HOME', value: '$(HF_HUB_CACHE)/x' },
    ];
    const { object } = change(podOf({ ...LOAD, env }), state, FETCH);
    const server = first(specOf(object).containers);
    expect(server.env.slice(0, 6).map(({ name }) => name)).toEqual(Object.keys(ENV));
    expect(server.env.slice(6)).toEqual([
      { name: 'HF_HOME', value: '/data' },
      { name: 'XDG_CACHE_HOME', value: '$(HF_HUB_CACHE)/x' },
    ]);
    expect(answer(object, state, FETCH).allowed).toBe(true);
  });

  it('objects with our names keeps them: the injection uses other names, the same each time', () => {
    const spec = {
      initContainers: [{ name: 'assay-fetch', image: 'evil', args: ['x'] }],
      volumes: [{ name: 'assay-models', hostPath: { path: '/evil' } }],
    };
    const pod = podOf({ ...LOAD, name: 'assay-fetch-1' }, spec);
    const changed = specOf(change(pod, state, FETCH).object);
    expect(changed.initContainers.map(({ name }) => name)).toEqual(['assay-fetch-2', 'assay-fetch']);
    expect(changed.volumes.map(({ name }) => name)).toEqual(['assay-models', 'assay-models-1']);
    expect(first(changed.containers).volumeMounts).toEqual([
      { name: 'assay-models-1', mountPath: '/assay/models', readOnly: true },
    ]);
    expect(change(pod, state, FETCH).mutation).toEqual(change(pod, state, FETCH).mutation);
    expect(answer({ ...pod, spec: changed }, state, FETCH).allowed).toBe(true);
    expect(change({ ...pod, spec: changed }, state, FETCH).mutation.patch).toEqual([]);
  });

  it('Hub credentials and proxies passes them to the init container', () => {
    const secret = { name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hf', key: 'token' } } };
    const env = [
      secret,
      { name: 'HF_ENDPOINT', value: 'https://hub.example' },
      { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
      { name: 'NODE_OPTIONS', value: '--require /evil.js' },
      { name: 'NO_PROXY', value: '$(EVIL)' },
    ];
    const entries = [approved(PINNED, { endpoint: 'https://hub.example' })];
    return webhook(entries).then((there) => {
      const { object } = change(podOf({ ...LOAD, env }), there, FETCH);
      expect(first(specOf(object).initContainers).env).toEqual([
        { name: 'HF_ENDPOINT', value: 'https://hub.example' },
        secret,
        { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
      ]);
      // The server itself is told what no table knows.
      expect(answer(object, there, FETCH).message).toContain('NODE_OPTIONS');
      const known = change(podOf({ ...LOAD, env: env.slice(0, 3) }), there, FETCH);
      expect(answer(known.object, there, FETCH).allowed).toBe(true);
    });
  });
});

describe('a Pod with several models', () => {
  it('fetches them one after the other, each once', async () => {
    const containers = [
      { name: 'a', image: 'vllm/vllm-openai:v0.8', args: ['--model', 'acme/llama', '--tokenizer', 'acme/llama'] },
      { name: 'b', image: 'vllm/vllm-openai:v0.8', args: ['--model', 'acme/lora', '--revision', 'main'] },
    ];
    const { object } = change({ ...podOf({}), spec: { containers } }, state, FETCH);
    const { initContainers } = specOf(object);
    expect(initContainers.map(({ args }) => args[1])).toEqual([PINNED, LORA]);
    expect(answer(object, state, FETCH).allowed).toBe(true);
  });

  it('above the limit leaves the rest unfetched, with a warning', async () => {
    const names = Array.from({ length: 9 }, (_, n) => `hf://acme/m${n}@${COMMIT}`);
    const many = await webhook(names.map((ref) => approved(ref)));
    const containers = names.map((_, n) => ({ name: `c${n}`, image: 'vllm', args: ['--model', `acme/m${n}`] }));
    const { object, mutation } = change({ ...podOf({}), spec: { containers } }, many, FETCH);
    expect(specOf(object).initContainers).toHaveLength(8);
    expect(mutation.warnings.join()).toMatch(/containers\/8 are not fetched and verified: a Pod has at most 8/);
  });

  it("of which one is not approved keeps that container's access to the Hub", () => {
    const args = ['--model', 'acme/llama', '--tokenizer', 'acme/other'];
    const { object } = change(podOf({ args }), state, FETCH);
    expect(specOf(object).initContainers).toBeUndefined();
    expect(answer(object, state, FETCH).allowed).toBe(false);
  });
});

describe('injection is refused with a warning for', () => {
  const PVC = { volumes: [{ name: 'm', persistentVolumeClaim: { claimName: 'models' } }] };
  const at = (mountPath: string) => ({ ...LOAD, volumeMounts: [{ name: 'm', mountPath }] });
  const EMPTY = { volumes: [{ name: 'm', emptyDir: {} }] };
  const CASES: readonly [string, object, object, RegExp][] = [
    [
      'a download folder',
      { args: ['--model', 'acme/llama', '--download-dir', '/pvc'] },
      {},
      /--download-dir may make it/,
    ],
    [
      'an abbreviated download folder option',
      { args: ['--model', 'acme/llama', '--download_d=/pvc'] },
      {},
      /--download_d=\/pvc may make it/,
    ],
    [
      'an argument from a variable',
      { args: ['--model', 'acme/llama', '$(MORE)'], env: [{ name: 'MORE', value: '--x' }] },
      {},
      /\$\(MORE\) may make it/,
    ],
    [
      'a command that sets variables again',
      { command: ['env', 'HF_HUB_OFFLINE=0', 'vllm'], ...LOAD },
      {},
      /may change variables/,
    ],
    [
      'a weights cache override of TGI',
      {
        image: 'text-generation-inference',
        env: [
          { name: 'MODEL_ID', value: 'acme/llama' },
          { name: 'WEIGHTS_CACHE_OVERRIDE', value: '/x' },
        ],
      },
      {},
      /WEIGHTS_CACHE_OVERRIDE makes it load/,
    ],
    [
      'a program with a cache of its own',
      { image: 'text-embeddings-inference', args: ['--model-id', 'acme/llama'] },
      {},
      /may load from outside the cache/,
    ],
    ['a mount at our mount path', at('/assay/models'), EMPTY, /has its own mount at/],
    ['a mount within our mount path', at('/assay/models/hub/x'), EMPTY, /has its own mount at/],
    ['a mount around our mount path', at('/assay/'), EMPTY, /has its own mount at/],
    ['a mount path with ".."', at('/a/../assay'), EMPTY, /has its own mount at/],
    ['a folder with the name of the model', at('/work/acme/llama'), EMPTY, /may be loaded in its place/],
    ['the process namespace of the node', LOAD, { hostPID: true }, /hostPID/],
    ['a shared process namespace', LOAD, { shareProcessNamespace: true }, /shareProcessNamespace/],
    [
      'a privileged container',
      LOAD,
      { initContainers: [{ name: 'p', image: 'p', securityContext: { privileged: true } }] },
      /privileged/,
    ],
    [
      'a host path with the volumes of all Pods',
      LOAD,
      { volumes: [{ name: 'h', hostPath: { path: '/var/lib//kubelet/pods' } }] },
      /contains the volumes of all Pods/,
    ],
    [
      'the root of the node as a host path',
      LOAD,
      { volumes: [{ name: 'h', hostPath: { path: '/' } }] },
      /contains the volumes of all Pods/,
    ],
    ['a Windows Pod', LOAD, { os: { name: 'windows' } }, /Windows/],
    [
      'a shared volume',
      { args: ['--model', '/models/llama'], volumeMounts: [{ name: 'm', mountPath: '/models' }] },
      PVC,
      /pvc:\/\/models.* is not verified: others may write to that volume/,
    ],
  ];

  it.each(CASES)('%s', (_, container, spec, warning) => {
    const pod = podOf({ ...container }, { ...spec });
    const { object, mutation } = change(pod, state, FETCH);
    const had = specOf(pod);
    const has = specOf(object);
    expect({ volumes: has.volumes, init: has.initContainers }).toEqual({
      volumes: had.volumes,
      init: had.initContainers,
    });
    expect(mutation.warnings.join('\n')).toMatch(warning);
    expect(mutation.warnings.every((text) => text.length <= 256)).toBe(true);
  });

  it('a mirror Pod of a static Pod', () => {
    const pod = podOf(LOAD, {}, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    expect(change(pod, state, FETCH).mutation.warnings.join()).toMatch(/static Pod/);
  });

  it('a shared volume, whose model is unverified', () => {
    const pod = podOf({ args: ['--model', '/models/llama'], volumeMounts: [{ name: 'm', mountPath: '/models' }] }, PVC);
    const { record } = answer(pod, state, FETCH);
    expect(record.rulings.map(({ outcome }) => outcome)).toContain('unverified');
    expect(record.action).toBe('deny');
  });
});
