import { beforeAll, describe, expect, it } from 'vitest';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import { answerFor, MANIFESTS, pod, production, RUNS, runs } from './evasions.ts';
import { gateOf, NOW } from './support.ts';

type State = Awaited<ReturnType<typeof production>>;
let held: State;
beforeAll(async () => {
  held = await production();
});

/** The webhook with exceptions, as a configuration says them. */
function excepting(...exceptions: readonly object[]): State {
  const about = { owner: 'ops@acme.example', reason: 'reviewed', expires: '2099-01-01', images: [RUNS] };
  const items = exceptions.map((one, at) => ({ id: `e${at}`, ...about, ...one }));
  const spec = { defaults: { stage: 'production' }, exceptions: items };
  const config = readAdmissionConfig(
    JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec }),
    'c.yaml',
  );
  return gateOf(held.snapshot, config);
}

const manifest = (wanted: string) => MANIFESTS.find(({ id }) => id === wanted)?.object ?? {};
const exporter = { envFrom: [{ secret: 'db' }] };

describe('exceptions of common Pods', () => {
  const words = (manifestId: string, told: object, more: object = {}): [string, object] => [
    manifestId,
    { told: [told], ...more },
  ];
  it.each<[string, object]>([
    words('cronjob-backup-control', { command: ['/bin/sh', '-c', 'pg_dump > /b/x.sql'] }),
    words('fp-fluentbit', { args: ['--config=/fluent-bit/etc/fluent-bit.conf'] }),
    words('fp-iptables-m', { args: ['-m', 'acme/prod'] }),
    words('fp-nats', { args: ['--config', '/etc/nats-config/nats.conf'] }),
    words('fp-redis-exporter-envfrom', exporter, { namespaces: ['models'] }),
    [
      'fp-kuberay-worker-init',
      {
        told: [
          {
            command: ['/bin/bash', '-c', '--'],
            args: ['ulimit -n {number}; ray start  --address={host:port} --block '],
          },
          { command: ['/bin/bash', '-c', '--'], args: ['until ray health-check; do sleep {number}; done'] },
        ],
      },
    ],
    [
      'fp-trainjob-sdk',
      { template: 'trainjob', with: { code: 'def f(): pass\nf()\n', file: 'x.py', entrypoint: 'torchrun' } },
    ],
    ['fp-vault-agent', { template: 'vault-agent', with: { config: 'e30=' } }],
  ])('%s', (id, exception) => {
    const object = manifest(id);
    expect(answerFor(object, held).allowed).toBe(false);
    const { allowed, message, record } = answerFor(object, excepting(exception));
    expect({ id, allowed, message }).toEqual({ id, allowed: true, message: '' });
    // Each use is in the log.
    expect(record.rulings.map((one) => one.message).join()).toMatch(/excepted by e0 of ops@acme\.example until 2099/);
    // Another digest, an end that has come, another namespace: nothing is excepted.
    for (const narrowed of [
      ...(JSON.stringify(object).includes('@sha256') ? [{ images: [`sha256:${'a'.repeat(64)}`] }] : []),
      { expires: NOW.toISOString() },
      { namespaces: ['elsewhere'] },
      { serviceAccounts: ['elsewhere'] },
      { containers: ['elsewhere'] },
    ].slice(0, id === 'fp-trainjob-sdk' ? 2 : 5))
      expect({ id, narrowed, allowed: answerFor(object, excepting({ ...exception, ...narrowed })).allowed }).toEqual({
        id,
        narrowed,
        allowed: false,
      });
  });
});

describe('an exception', () => {
  const script = 'run --to {host:port}';
  const told = {
    command: ['/bin/sh', '-c'],
    args: [script],
    env: [
      { name: 'A', value: 'b' },
      { name: 'T', from: 'secret' },
      { name: 'L', from: 'pod', field: "metadata.labels['x']" },
    ],
    mounts: [{ path: '/work', source: 'empty' }],
    hooks: [['/bin/check', '{number}']],
  };
  const container = {
    command: ['/bin/sh', '-c'],
    args: ['run --to db:5432'],
    env: [{ name: 'A', value: 'b' }],
    volumeMounts: [{ name: 'v', mountPath: '/work' }],
  };
  const spec = { volumes: [{ name: 'v', emptyDir: {} }] };
  const admits = (more: object, moreSpec: object = {}) =>
    answerFor(pod(runs('acme/x', { ...container, ...more }), { ...spec, ...moreSpec }), excepting({ told: [told] }))
      .allowed;

  it.each<[string, object, object?]>([
    ['as it stands', {}],
    ['with less', { env: [], volumeMounts: [] }],
    ['with what a Secret sets', { env: [{ name: 'T', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
    ['with a named label', { env: [{ name: 'L', valueFrom: { fieldRef: { fieldPath: "metadata.labels['x']" } } }] }],
    ['with a time zone', { env: [{ name: 'TZ', value: 'UTC' }] }],
    ['with a named probe', { livenessProbe: { exec: { command: ['/bin/check', '3'] } } }],
    ['with a probe that loads nothing', { livenessProbe: { exec: { command: ['sleep', '3'] } } }],
    ['with a port and limits', { ports: [{ containerPort: 1 }], resources: {} }],
  ])('admits a container %s', (_, more, moreSpec) => {
    expect(admits(more, moreSpec)).toBe(true);
  });

  it.each<[string, object, object?]>([
    ['another script', { args: ['run --to db:5432; vllm serve evil/model'] }],
    ['a reference in a hole', { args: ['run --to hf://evil/model'] }],
    ['a variable in a hole', { args: ['run --to $(A)'] }],
    ['one word more', { args: ['run --to db:5432', 'evil/model'] }],
    ['no words', { args: undefined }],
    ['another command', { command: ['/bin/bash', '-c'] }],
    ['words that are not texts', { args: [{ toString: 'run --to db:5432' }] }],
    ['another variable', { env: [{ name: 'LD_PRELOAD', value: '/x.so' }] }],
    ['another value', { env: [{ name: 'A', value: 'c' }] }],
    [
      'a second value',
      {
        env: [
          { name: 'A', value: 'b' },
          { name: 'A', value: 'c' },
        ],
      },
    ],
    ['a value of a Secret', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
    ['a value of a ConfigMap', { env: [{ name: 'T', valueFrom: { configMapKeyRef: { name: 's', key: 'k' } } }] }],
    ['two sources', { env: [{ name: 'T', valueFrom: { secretKeyRef: {}, configMapKeyRef: {} } }] }],
    ['another label', { env: [{ name: 'L', valueFrom: { fieldRef: { fieldPath: "metadata.labels['y']" } } }] }],
    ['variables that are not a list', { env: { A: 'b', LD_PRELOAD: 'x' } }],
    ['all variables of a Secret', { envFrom: [{ secretRef: { name: 'db' } }] }],
    ['a volume that others write', {}, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
    ['a volume elsewhere', { volumeMounts: [{ name: 'v', mountPath: '/usr/bin' }] }],
    [
      'a part of a volume that a variable chooses',
      { volumeMounts: [{ name: 'v', mountPath: '/work', subPathExpr: '$(A)' }] },
    ],
    ['another folder', { workingDir: '/work' }],
    ['another probe', { livenessProbe: { exec: { command: ['/bin/check', '3;x'] } } }],
    ['a hook', { lifecycle: { postStart: { exec: { command: ['/bin/evil'] } } } }],
    ['a probe of another server', { livenessProbe: { httpGet: { host: 'evil.example', port: 1 } } }],
    ['privileges', { securityContext: { privileged: true } }],
    ['a standard input', { stdin: true }],
    ['the processes of the node', {}, { hostPID: true }],
    ['other addresses', {}, { hostAliases: [{ ip: '1.2.3.4', hostnames: ['x'] }] }],
    ['a property that is not known', { newThing: 1 }],
    ['an image by its tag', { image: 'acme/x:1' }],
    ['an image that is not approved', { image: `acme/x@sha256:${'a'.repeat(64)}` }],
  ])('admits none with %s', (_, more, moreSpec) => {
    expect(admits(more, moreSpec)).toBe(false);
  });

  it('is for a name of another image only where that is the same digest', () => {
    const state = excepting({ told: [told] });
    expect(answerFor(pod(runs('other/y', container), spec), state).allowed).toBe(true);
  });

  it('does not approve the models of a server', () => {
    const server = { command: ['vllm', 'serve', 'evil/model', '--middleware', 'x'] };
    const state = excepting({ told: [server] });
    const { allowed, message } = answerFor(pod(runs('acme/x', server)), state);
    expect({ allowed, message }).toEqual({
      allowed: false,
      message: expect.stringContaining('hf://evil/model is not pinned'),
    });
  });

  it('of a server names all that it has to be told', () => {
    const tgi = runs('ghcr.io/huggingface/text-generation-inference');
    const env = [
      { name: 'MODEL_ID', value: 'good/model' },
      { name: 'REVISION', value: '1'.repeat(40) },
      { name: 'X', value: 'y' },
    ];
    const state = excepting({ told: [{ env }] });
    expect(answerFor(pod({ ...tgi, env }), state).allowed).toBe(true);
    for (const less of [[], env.slice(0, 2), env.slice(1)])
      expect(answerFor(pod({ ...tgi, env: less }), excepting({ told: [{ env }] })).allowed).toBe(
        less.length === 2 && less[0] === env[0],
      );
  });

  it('makes nobody else understood', () => {
    const state = excepting({ told: [told] });
    const server = {
      name: 's',
      ...runs('vllm/vllm-openai'),
      args: ['--model', 'good/model', '--revision', '1'.repeat(40)],
    };
    const init = { initContainers: [{ name: 'i', ...runs('acme/x', container) }] };
    const alone = pod(server, { ...spec, ...init });
    expect(answerFor(alone, state).allowed).toBe(true);
    // What the excepted one writes is not known.
    const shared = pod({ ...server, volumeMounts: [{ name: 'v', mountPath: '/root/.cache' }] }, { ...spec, ...init });
    expect(answerFor(shared, state)).toMatchObject({ allowed: false, message: expect.stringContaining('may write') });
  });

  it('of a Pod counts in warn namespaces and for every kind', () => {
    const state = excepting({ told: [told] });
    const template = { spec: { containers: [{ name: 'c', ...runs('acme/x', container) }], ...spec } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { template } };
    expect(answerFor(deployment, state).allowed).toBe(true);
  });
});

describe('the configuration of exceptions', () => {
  const read = (exception: object) => () => excepting(exception);
  it.each<[object, RegExp]>([
    [{ told: [{}], owner: '' }, /owner is empty/],
    [{ told: [{}], expires: 'never' }, /never is not a time/],
    [{ told: [{}], images: [] }, /images is empty/],
    [{ told: [{}], images: ['nginx:1'] }, /images is empty/],
    [{}, /told or template/],
    [{ told: [{}], template: 'kuberay' }, /told or template/],
    [{ template: 'kube-ray' }, /kube-ray is not a template/],
    [{ template: 'trainjob' }, /the template needs code/],
    [{ told: [{ args: ['{name}{name}'] }] }, /two holes beside each other/],
    [{ told: [{ arguments: [] }] }, /has no arguments/],
    [{ told: [{ env: [{ name: 'A' }] }] }, /a value or a source/],
    [{ told: [{ env: [{ name: 'A', from: 'label' }] }] }, /label is not a source/],
    [{ told: [{ env: [{ name: 'A', from: 'pod' }] }] }, /field belongs to the source pod/],
    [{ told: [{ mounts: [{ path: '/x', source: 'any' }] }] }, /a mount has a path and a source/],
    [{ told: [exporter] }, /holds in no namespace/],
    [{ told: [{ workingDir: 'x' }] }, /x is not a value of workingDir/],
    [{ told: [{}], namespaces: ['a*'] }, /a\* is not an item of namespaces/],
  ])('%j is refused', (exception, why) => {
    expect(read(exception)).toThrow(why);
  });

  it('names each exception once', () => {
    expect(() => excepting({ id: 'a', told: [{}] }, { id: 'a', told: [{}] })).toThrow(/appears twice/);
  });
});

describe('labels of the Pod as files, which change without a review', () => {
  const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
  const admits = (source: string, volume: object) =>
    answerFor(
      pod(runs('acme/x', { args: ['run'], volumeMounts: [{ name: 'v', mountPath: '/info' }] }), {
        volumes: [{ name: 'v', ...volume }],
      }),
      excepting({ told: [{ args: ['run'], mounts: [{ path: '/info', source }] }] }),
    ).allowed;

  it.each([
    ['downwardAPI', { downwardAPI: { items } }],
    ['projected', { projected: { sources: [{ downwardAPI: { items } }, { secret: { name: 's' } }] } }],
  ])('are admitted as %s only where an exception names them as such', (_, volume) => {
    const sources = ['labels', 'settings', 'empty', 'shared', 'image'].filter((source) => admits(source, volume));
    expect(sources).toEqual(['labels']);
  });

  it('are not meant by an exception for other settings', () => {
    expect(admits('settings', { configMap: { name: 'c' } })).toBe(true);
    expect(admits('labels', { configMap: { name: 'c' } })).toBe(false);
  });
});
