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

describe('what a loader is told beside the name', () => {
  it('makes another key: server, remote code, revision, load format, offline', () => {
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

  it('does not, where it says what is so anyway', () => {
    const args = ['--model', 'a/b'];
    const plain = key({ args });
    expect(key({ args: ['--model=hf://a/b', '--load-format=auto', '--no-trust-remote-code'] })).toBe(plain);
    expect(key({ args, env: [{ name: 'HF_ENDPOINT', value: 'https://huggingface.co/' }] })).toBe(plain);
    expect(key({ args, env: [{ name: 'HF_HUB_OFFLINE', value: '0' }] })).toBe(plain);
  });

  it('a revision of another program does not pin', () => {
    const container = { image: VLLM, args: ['--model', 'a/b'], env: [{ name: 'REVISION', value: 'a'.repeat(40) }] };
    expect(extractReferences(podOf(container)).references).toMatchObject([{ revision: null, pinned: false }]);
  });

  it('a tokenizer of another revision is another reference', () => {
    const args = ['--model', 'a/b', '--tokenizer-revision', 'v2'];
    expect(found({ image: VLLM, args }).references).toEqual([
      ['model', 'hf://a/b'],
      ['tokenizer', 'hf://a/b@v2'],
    ]);
  });

  it('drafts and adapters with their own', () => {
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

  it('TGI lists adapters with commas and revisions', () => {
    const env = [{ name: 'LORA_ADAPTERS', value: 'a/one,two=a/two@v2' }];
    expect(found({ env }).references).toEqual([
      ['lora', 'hf://a/one'],
      ['lora', 'hf://a/two@v2'],
    ]);
  });
});

describe('what is unknown is unresolved', () => {
  const secret = { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } };
  it.each([
    ['a variable of a secret', { env: [{ name: 'MODEL_ID', ...secret }] }],
    ['a server of a secret', { args: ['--model', 'a/b'], env: [{ name: 'HF_ENDPOINT', ...secret }] }],
    ['an argument that is one', { args: ['--model', '$(M)'], env: [{ name: 'M', ...secret }] }],
    ['an argument that may be any', { args: ['$(M)'], env: [{ name: 'M', ...secret }] }],
    ['variables of a ConfigMap', { envFrom: [{ configMapRef: { name: 'settings' } }] }],
    ['a shell script', { command: ['/bin/sh', '-ec'], args: ['exec vllm serve a/b'] }],
    ['a script for the shell of the image', { args: ['-c', 'exec vllm serve a/b'] }],
    ['a script behind a wrapper', { command: ['tini', '--', 'bash', '-o', 'pipefail', '-c', 'python run.py'] }],
    ['code', { command: ['python3', '-c', 'import torch'] }],
    ['a file of settings', { args: ['--config', '/etc/vllm.yaml'] }],
    ['an abbreviation', { image: VLLM, args: ['--model', 'a/b', '--revis', 'v1'] }],
    ['two revisions', { image: VLLM, args: ['--model', 'a/b', '--revision', 'v1', '--revision', 'v2'] }],
    ['a flag without a value', { image: VLLM, args: ['--model'] }],
    ['JSON that is none', { image: VLLM, args: ['a/b', '--speculative-config', '{model: x}'] }],
  ])('%s', (_, container) => {
    expect(found(container).unresolved).toHaveLength(1);
  });

  it('and names what a script likely loads', () => {
    const container = { command: ['sh', '-c', 'sleep 1 && exec vllm serve "a/b" --port 80'] };
    expect(found(container)).toMatchObject({ references: [['model', 'hf://a/b']], unresolved: [/./] });
  });

  it('but not objects that name no model: the address of the Pod, a key, a name that is served', () => {
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

  it('a decoy beside the real model hides nothing', () => {
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

describe('paths of a container', () => {
  const reads = {
    image: VLLM,
    args: ['--model', '/models/llama'],
    volumeMounts: [{ name: 'm', mountPath: '/models' }],
  };
  const volume = (source: object) => ({ volumes: [{ name: 'm', ...source }] });

  it('are what is in the volume there', () => {
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

  it('are of the image where no volume is', () => {
    expect(found({ image: 'reg.io/vllm:1', args: ['--model', '/app/llama'] })).toEqual({
      references: [['image', 'oci://reg.io/vllm:1']],
      unresolved: [],
    });
  });

  it('are what was fetched into an empty folder, if all who may write there are known', () => {
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

  it('are in the claims of a StatefulSet, too', () => {
    const spec = {
      volumeClaimTemplates: [{ metadata: { name: 'm' } }],
      template: { spec: { containers: [{ name: 'c', ...reads }] } },
    };
    const { references, unresolved } = extractReferences({ ...kindOf('apps', 'StatefulSet'), spec });
    expect(references.map(({ reference }) => reference)).toEqual(['pvc://m/llama', 'pvc://m']);
    expect(unresolved).toEqual([]);
  });

  it('claims of other programs are not models', () => {
    const database = { image: 'postgres:17', volumeMounts: [{ name: 'm', mountPath: '/var/lib/postgresql' }] };
    expect(found(database, volume({ persistentVolumeClaim: { claimName: 'db' } }))).toEqual({
      references: [],
      unresolved: [],
    });
  });
});

describe('where containers are', () => {
  it('all lists of a PodSpec, hooks, and kinds that nobody knows', () => {
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

  it('a renamed container is no way out', () => {
    const initContainers = [{ name: 'x', image: 'reg.io/renamed', args: ['s3://bucket/evil', '/mnt/models'] }];
    expect(found({}, { initContainers }).references).toEqual([['model', 's3://bucket/evil']]);
  });

  it('a KServe runtime reads what the service names', () => {
    const model = { storageUri: 'hf://a/b', args: ['--model_dir=/mnt/models', '--trust_remote_code'] };
    const service = { ...kindOf('serving.kserve.io', 'InferenceService'), spec: { predictor: { model } } };
    expect(extractReferences(service)).toMatchObject({
      references: [{ reference: 'hf://a/b', trustRemoteCode: true, via: 'isvc-storage-uri' }],
      unresolved: [],
    });
  });
});
