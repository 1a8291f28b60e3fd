import { describe, expect, it } from 'vitest';
import { extractReferences, referenceKey } from '../../src/workload/index.ts';
import { kindOf, podOf } from './build.ts';

const VLLM = 'vllm/vllm-openai:v0.10.0';

function found(container: object, spec?: object) {
  const { references, unresolved } = extractReferences(podOf(container, spec));
  return {
    references: references.map((one) => [one.role, one.reference]),
    unresolved: unresolved.map(({ why }) => why),
  };
}

function key(container: object): string {
  const [first] = extractReferences(podOf(container)).references;
  if (first === undefined) throw new Error('nothing was found');
  return referenceKey(first);
}

describe('an option beside the model name', () => {
  it('changes the lookup key: server, remote code, revision, load format, offline', () => {
    const args = ['--model', 'a/b'];
    const env = (name: string, value: string) => ({ args, env: [{ name, value }] });
    const keys = [
      key({ args }),
      key({ args: [...args, '--trust-remote-code'] }),
      key({ args: [...args, '--code-revision', 'v1'] }),
      key({ args: [...args, '--load-format=pt'] }),
      key({ args: [...args, '--revision=v1'] }),
      key(env('HF_ENDPOINT', 'https://mirror.example')),
      key(env('VLLM_USE_MODELSCOPE', 'True')),
      key(env('HF_HUB_OFFLINE', '1')),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not change it when it states the default', () => {
    const args = ['--model', 'a/b'];
    const plain = key({ args });
    expect(key({ args: ['--model=hf://a/b', '--load-format=auto', '--no-trust-remote-code'] })).toBe(plain);
    expect(key({ args, env: [{ name: 'HF_ENDPOINT', value: 'https://huggingface.co/' }] })).toBe(plain);
    expect(key({ args, env: [{ name: 'HF_HUB_OFFLINE', value: '0' }] })).toBe(plain);
  });

  it('with a revision does not pin the model of another program', () => {
    const container = { image: VLLM, args: ['--model', 'a/b'], env: [{ name: 'REVISION', value: 'a'.repeat(40) }] };
    expect(extractReferences(podOf(container)).references).toMatchObject([{ revision: null, pinned: false }]);
  });

  it('with another revision for the tokenizer gives another reference', () => {
    const args = ['--model', 'a/b', '--tokenizer-revision', 'v2'];
    expect(found({ image: VLLM, args }).references).toEqual([
      ['model', 'hf://a/b'],
      ['tokenizer', 'hf://a/b@v2'],
    ]);
  });

  it('names draft models and adapters with revisions of their own', () => {
    const speculative = JSON.stringify({ model: 'a/draft', revision: 'v3', num_speculative_tokens: 5 });
    const lora = JSON.stringify({ name: 'x', path: 'a/json', base_model_name: 'y' });
    const args = ['a/b', '--speculative-config', speculative, '--lora-modules', 'n=a/lora', lora, '--port', '1'];
    expect(found({ image: VLLM, args }).references).toEqual([
      ['draft', 'hf://a/draft@v3'],
      ['lora', 'hf://a/lora'],
      ['lora', 'hf://a/json'],
      ['model', 'hf://a/b'],
    ]);
    const prompt = JSON.stringify({ method: 'ngram', num_speculative_tokens: 5 });
    expect(found({ image: VLLM, args: ['a/b', '--speculative-config', prompt] }).references).toHaveLength(1);
  });

  it('names the adapters of TGI with commas and revisions', () => {
    const env = [{ name: 'LORA_ADAPTERS', value: 'a/one,two=a/two@v2' }];
    expect(found({ env }).references).toEqual([
      ['lora', 'hf://a/one'],
      ['lora', 'hf://a/two@v2'],
    ]);
  });
});

describe('a container is unresolved for', () => {
  const secret = { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
  it.each([
    ['a variable from a secret', { env: [{ name: 'MODEL_ID', ...secret }] }],
    ['a server from a secret', { args: ['--model', 'a/b'], env: [{ name: 'HF_ENDPOINT', ...secret }] }],
    ['an argument from a variable of a secret', { args: ['--model', '$(M)'], env: [{ name: 'M', ...secret }] }],
    ['an argument of unknown content', { args: ['$(M)'], env: [{ name: 'M', ...secret }] }],
    ['variables from a ConfigMap', { envFrom: [{ configMapRef: { name: 'settings' } }] }],
    ['a shell script', { command: ['/bin/sh', '-ec'], args: ['exec vllm serve a/b'] }],
    ['a script for the shell of the image', { args: ['-c', 'exec vllm serve a/b'] }],
    ['a script behind a wrapper', { command: ['tini', '--', 'bash', '-o', 'pipefail', '-c', 'python run.py'] }],
    ['inline code', { command: ['python3', '-c', 'import torch'] }],
    ['a configuration file', { args: ['--config', '/etc/vllm.yaml'] }],
    ['an abbreviated option', { image: VLLM, args: ['--model', 'a/b', '--revis', 'v1'] }],
    ['two revisions', { image: VLLM, args: ['--model', 'a/b', '--revision', 'v1', '--revision', 'v2'] }],
    ['a flag without a value', { image: VLLM, args: ['--model'] }],
    ['invalid JSON', { image: VLLM, args: ['a/b', '--speculative-config', '{model: x}'] }],
  ])('%s', (_, container) => {
    expect(found(container).unresolved).toHaveLength(1);
  });

  it('a script, which also names what it probably loads', () => {
    const container = { command: ['sh', '-c', 'sleep 1 && exec vllm serve "a/b" --port 80'] };
    expect(found(container)).toMatchObject({ references: [['model', 'hf://a/b']], unresolved: [/./] });
  });

  it('no address of the Pod, no API key and no served model name', () => {
    const env = [
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'HF_TOKEN', ...secret },
      { name: 'KEY', ...secret },
    ];
    const args = [
      '--model',
      'a/b',
      '--host',
      '$(POD_IP)',
      '--api-key',
      '$(KEY)',
      '--served-model-name',
      'org/x',
      'org/y',
    ];
    expect(found({ image: VLLM, args, env })).toEqual({ references: [['model', 'hf://a/b']], unresolved: [] });
    expect(found({ command: ['llama-server', '-c', '4096', '-hf', 'a/b:Q4'] }).unresolved).toEqual([]);
    expect(found({ command: ['python', '-m', 'http.server'] })).toEqual({ references: [], unresolved: [] });
  });

  it('a decoy beside the real model', () => {
    const container = { image: VLLM, args: ['serve', '--enable-lora', 'evil/x', '--model', 'good/y'] };
    expect(found(container)).toMatchObject({
      references: [
        ['model', 'hf://good/y'],
        ['model', 'hf://evil/x'],
      ],
      unresolved: [/write the model first/],
    });
  });
});

describe('a path in a container', () => {
  const reads = {
    image: VLLM,
    args: ['--model', '/models/llama'],
    volumeMounts: [{ name: 'm', mountPath: '/models' }],
  };
  const volume = (source: object) => ({ volumes: [{ name: 'm', ...source }] });

  it('refers to the volume that is mounted there', () => {
    const claim = found(reads, volume({ persistentVolumeClaim: { claimName: 'weights' } }));
    expect(claim.references).toContainEqual(['model', 'pvc://weights/llama']);
    const host = found(reads, volume({ hostPath: { path: '/data' } }));
    expect(host.references).toContainEqual(['model', 'node:///data/llama']);
    const image = found(reads, volume({ image: { reference: 'reg.io/m:1' } }));
    expect(image.references).toEqual([
      ['model', 'oci://reg.io/m:1'],
      ['model', 'oci://reg.io/m:1'],
    ]);
    expect(found(reads, volume({ configMap: { name: 'x' } })).unresolved).toHaveLength(1);
    expect(found({ ...reads, args: ['--model', '/models/../x'] }, volume({ emptyDir: {} })).unresolved).toHaveLength(1);
  });

  it('refers to the image where no volume is mounted', () => {
    expect(found({ image: 'reg.io/vllm:1', args: ['--model', '/app/llama'] })).toEqual({
      references: [['image', 'oci://reg.io/vllm:1']],
      unresolved: [],
    });
  });

  it('refers to what was fetched into an emptyDir, if all containers that can write there are known', () => {
    const mount = { volumeMounts: [{ name: 'm', mountPath: '/mnt/models' }] };
    const fetches = { name: 'f', image: 'reg.io/hf', command: ['hf', 'download', 'a/b'], ...mount };
    const empty = volume({ emptyDir: {} });
    expect(found(reads, { ...empty, initContainers: [fetches] })).toEqual({
      references: [['model', 'hf://a/b']],
      unresolved: [],
    });
    const other = { name: 'o', image: 'reg.io/other', ...mount };
    expect(found(reads, { ...empty, initContainers: [fetches, other] }).unresolved).toHaveLength(1);
    expect(found(reads, empty).unresolved).toHaveLength(1);
  });

  it('refers to the claim template of a StatefulSet', () => {
    const spec = {
      volumeClaimTemplates: [{ metadata: { name: 'm' } }],
      template: { spec: { containers: [{ name: 'c', ...reads }] } },
    };
    const { references, unresolved } = extractReferences({ ...kindOf('apps', 'StatefulSet'), spec });
    expect(references.map(({ reference }) => reference)).toEqual(['pvc://m/llama', 'pvc://m']);
    expect(unresolved).toEqual([]);
  });

  it('on a claim of another program is not a model', () => {
    const database = { image: 'postgres:17', volumeMounts: [{ name: 'm', mountPath: '/var/lib/postgresql' }] };
    expect(found(database, volume({ persistentVolumeClaim: { claimName: 'db' } }))).toEqual({
      references: [],
      unresolved: [],
    });
  });
});

describe('containers are found', () => {
  it('in all lists of a PodSpec, in lifecycle hooks, and in unknown kinds', () => {
    const spec = {
      initContainers: [{ name: 'i', image: 'x', command: ['ollama', 'pull', 'llama3'] }],
      containers: [
        {
          name: 'c',
          image: 'ollama/ollama',
          lifecycle: { postStart: { exec: { command: ['ollama', 'pull', 'phi'] } } },
        },
      ],
      ephemeralContainers: [{ name: 'e', image: 'renamed', args: ['serve', 'a/b'] }],
    };
    const object = { ...kindOf('acme.io', 'Thing'), spec: { deep: [{ template: { spec } }] } };
    const { references, podSpecs } = extractReferences(object);
    expect(references.map(({ container, reference }) => [container, reference])).toEqual([
      ['i', 'ollama://llama3'],
      ['c', 'ollama://phi'],
      ['e', 'hf://a/b'],
    ]);
    expect(podSpecs).toBe(1);
  });

  it('under any name and image', () => {
    const initContainers = [{ name: 'x', image: 'reg.io/renamed', args: ['s3://bucket/evil', '/mnt/models'] }];
    expect(found({}, { initContainers }).references).toEqual([['model', 's3://bucket/evil']]);
  });

  it('in a KServe runtime, which loads what its service names', () => {
    const model = { storageUri: 'hf://a/b', args: ['--model_dir=/mnt/models', '--trust_remote_code'] };
    const service = { ...kindOf('serving.kserve.io', 'InferenceService'), spec: { predictor: { model } } };
    expect(extractReferences(service)).toMatchObject({
      references: [{ reference: 'hf://a/b', trustRemoteCode: true, via: 'isvc-storage-uri' }],
      unresolved: [],
    });
  });
});
