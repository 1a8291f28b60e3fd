import { describe, expect, it } from 'vitest';
import { extractReferences } from '../../../src/workload/index.ts';
import { type ImageApproval, readPostures } from '../../../src/workload/posture/index.ts';
import { podOf } from '../build.ts';

const IMAGE = `reg.io/acme/tool@sha256:${'a'.repeat(64)}`;
const facts = { entrypoint: ['/usr/bin/tool'], cmd: ['--serve', 'x'], workingDir: '/srv', env: [], volumes: [] };

/** The posture of each container of a Pod, and why. */
function postures(container: object, approval: ImageApproval | undefined, spec: object = {}) {
  const object = podOf({ image: IMAGE, ...container }, spec);
  const found = extractReferences(object);
  const read = readPostures(object, found, { approvalOf: () => approval, isOwn: () => false });
  return read.map(({ posture, problems }) => ({ posture, why: problems.map((one) => one.why).join('; ') }));
}

const mount = (mountPath: string) => ({ volumeMounts: [{ name: 'v', mountPath }] });
const volume = (source: object) => ({ volumes: [{ name: 'v', ...source }] });

describe('an image that is approved as sealed', () => {
  const sealed: ImageApproval = { as: 'sealed', facts };
  it.each<[string, object, object]>([
    ['alone', {}, {}],
    ['with settings', { env: [{ name: 'DATABASE_URL', value: 'postgres://db/x' }] }, {}],
    ['with a setting of a Secret', { env: [{ name: 'DB', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, {}],
    ['with settings in a file', mount('/etc/tool'), volume({ configMap: { name: 'c' } })],
    ['with a claim for its data', mount('/var/lib/tool'), volume({ persistentVolumeClaim: { claimName: 'c' } })],
    ['with what it was recorded to be told', { args: ['--serve', 'x'] }, {}],
    ['in the folder that was recorded', { workingDir: '/srv' }, {}],
    ['with a hook that waits', { lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } } }, {}],
  ])('%s is sealed', (_, container, spec) => {
    // With all that it is given, it would not be understood, but for what was recorded.
    expect(postures(container, sealed, spec)[0]?.posture).toMatch(/^(?:sealed|understood)$/);
    expect(postures(container, undefined, spec)[0]?.posture).toBe('unresolved');
  });

  it.each<[string, object, object, RegExp]>([
    ['a command', { command: ['/usr/bin/tool'] }, {}, /told something else/],
    ['other arguments', { args: ['--serve', 'y'] }, {}, /told something else/],
    ['a library', { env: [{ name: 'LD_PRELOAD', value: '/x.so' }] }, {}, /LD_PRELOAD/],
    ['a folder of Python', { env: [{ name: 'PYTHONPATH', value: '/x' }] }, {}, /PYTHONPATH/],
    ['options of Node.js', { env: [{ name: 'NODE_OPTIONS', value: '-r x' }] }, {}, /NODE_OPTIONS/],
    ['a cache of the Hub', { env: [{ name: 'HF_HOME', value: '/x' }] }, {}, /HF_HOME/],
    ['a model', { env: [{ name: 'EMBEDDING_MODEL', value: 'x' }] }, {}, /EMBEDDING_MODEL/],
    ['an address of a model', { env: [{ name: 'W', value: 'hf://acme/x' }] }, {}, /names something to load/],
    ['variables of another object', { envFrom: [{ secretRef: { name: 's' } }] }, {}, /all variables of another object/],
    ['a volume over its code', mount('/usr/lib'), volume({ configMap: { name: 'c' } }), /over its code/],
    ['a volume over all', mount('/'), volume({ configMap: { name: 'c' } }), /over its code/],
    ['a list of libraries', mount('/etc/ld.so.preload'), volume({ configMap: { name: 'c' } }), /over its code/],
    ['another folder', { workingDir: '/tmp' }, {}, /starts in another folder/],
    ['a probe that runs a program', { livenessProbe: { exec: { command: ['/x'] } } }, {}, /a hook or a probe/],
    ['privileges', { securityContext: { privileged: true } }, {}, /privileged/],
  ])('with %s is unresolved', (_, container, spec, why) => {
    const [read] = postures(container, sealed, spec);
    expect(read).toEqual({ posture: 'unresolved', why: expect.stringMatching(why) });
  });

  it('is never a server of models', () => {
    for (const image of ['vllm/vllm-openai', 'ollama/ollama', 'reg.io/acme/vllm']) {
      const [read] = postures({ image: `${image}@sha256:${'a'.repeat(64)}` }, { as: 'sealed' });
      expect(read?.posture).toBe('unresolved');
    }
    const served = {
      as: 'sealed',
      facts: { entrypoint: ['/bin/ollama'], cmd: ['serve'], workingDir: '/', env: [], volumes: [] },
    } as const;
    expect(postures({}, served)[0]).toEqual({ posture: 'unresolved', why: expect.stringContaining('Ollama') });
  });
});

describe('what an image was recorded to start', () => {
  const vllm = { entrypoint: ['vllm', 'serve'], cmd: [], workingDir: '/', env: [], volumes: [] };
  it('says what its arguments are for', () => {
    const approval = { as: 'program', facts: vllm } as const;
    const args = ['acme/llama', '--revision', 'b'.repeat(40)];
    // The model is found only where the image is named like its program.
    const image = `reg.io/acme/vllm@sha256:${'a'.repeat(64)}`;
    expect(postures({ image, args }, approval)[0]?.posture).toBe('understood');
    expect(postures({ args }, approval)[0]?.why).toContain('cannot be looked up');
    expect(postures({ args: [...args, '--middleware', 'x'] }, approval)[0]?.why).toContain('--middleware');
    expect(postures({ args }, { as: 'program' })[0]?.why).toContain('not recorded');
    expect(postures({}, approval)[0]?.why).toContain('loads its default');
  });

  it('says which variables the image sets, and may name what a server loads', () => {
    const args = ['--model', 'acme/llama', '--revision', 'b'.repeat(40)];
    const image = `vllm/vllm-openai@sha256:${'a'.repeat(64)}`;
    const entrypoint = ['python3', '-m', 'vllm.entrypoints.openai.api_server'];
    const of = (env: readonly string[], container = {}) =>
      postures({ image, args, ...container }, { as: 'program', facts: { ...vllm, entrypoint, env } })[0];
    expect(of(['PATH=/usr/bin', 'CUDA_VERSION=12'])?.posture).toBe('understood');
    for (const name of ['HF_ENDPOINT', 'HF_HUB_OFFLINE'])
      expect(of([`${name}=https://evil.example`])?.why).toContain(name);
    expect(of(['HF_ENDPOINT='])?.posture).toBe('understood');
    const env = [{ name: 'HF_ENDPOINT', value: 'https://huggingface.co' }];
    expect(of(['HF_ENDPOINT=https://evil.example'], { env })?.posture).toBe('understood');
    const tgi = { ...vllm, entrypoint: ['text-generation-launcher'], env: ['MODEL_ID=evil/model'] };
    expect(postures({ image }, { as: 'program', facts: tgi })[0]?.why).toMatch(/sets the variable "MODEL_ID"/);
  });

  it('is what an approval to run is about', () => {
    const approval = { as: 'program', facts } as const;
    expect(postures({}, approval)[0]?.posture).toBe('understood');
    expect(postures({ args: facts.cmd }, approval)[0]?.posture).toBe('understood');
    expect(postures({ args: ['--other'] }, approval)[0]?.posture).toBe('unresolved');
    const shell = {
      as: 'program',
      facts: { entrypoint: ['/bin/sh', '-c'], cmd: ['run'], workingDir: '/', env: [], volumes: [] },
    } as const;
    expect(postures({}, shell)[0]?.posture).toBe('understood');
    expect(postures({ args: ['vllm serve evil/model'] }, shell)[0]?.posture).toBe('unresolved');
  });
});

it('every container has a posture of its own', () => {
  const spec = {
    initContainers: [{ name: 'wait', image: IMAGE, command: ['sh', '-c', 'until nslookup db; do sleep 1; done'] }],
    ephemeralContainers: [{ name: 'debug', image: IMAGE, command: ['sh'] }],
  };
  expect(postures({}, { as: 'program' }, spec).map(({ posture }) => posture)).toEqual([
    'understood',
    'understood',
    'unresolved',
  ]);
});
