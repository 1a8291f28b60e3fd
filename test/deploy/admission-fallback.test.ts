import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { allowlistOf } from '../../admission-webhook/src/fallback/allowlist.ts';
import { fallbackManifests } from '../../admission-webhook/src/fallback/manifests.ts';
import { PROGRAMS } from '../../src/workload/table/programs.ts';
import { runCli } from '../cli/run-cli.ts';
import { COMMIT, denied, document, entry, NOW, sha256, signed, writer } from '../snapshot/samples.ts';
import { hasKube, KUBE_HOW, type KubeObject, ML_KINDS, type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const IMAGE = `ghcr.io/acme/llama@${sha256('image')}`;
const OPEN = 'acme/open';
const SNAPSHOT = document({
  entries: [
    entry({ refs: [`hf://acme/model@${COMMIT}`, `oci://${IMAGE}`] }),
    entry({ model: OPEN, digest: sha256('open'), refs: [`hf://${OPEN}@${COMMIT}`], remoteCode: true }),
    entry({
      model: 'acme/dev',
      digest: sha256('dev'),
      refs: [`hf://acme/dev@${COMMIT}`],
      stages: [{ stage: 'dev', notAfter: null }],
    }),
    denied({ model: 'acme/bad', digest: sha256('bad'), refs: [`hf://acme/bad@${COMMIT}`] }),
    entry({
      model: 'acme/old',
      digest: sha256('old'),
      refs: [`hf://acme/old@${COMMIT}`],
      stages: [{ stage: 'production', notAfter: '2026-11-20T00:00:00Z' }],
    }),
    entry({
      model: 'acme/far',
      digest: sha256('far'),
      refs: [`hf://acme/far@${COMMIT}`],
      endpoint: 'https://hub.acme.example',
    }),
  ],
});
const OPTIONS = { now: NOW, namespace: 'assay' };

function pod(container: object, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'p-' },
    spec: { containers: [{ name: 'c', image: 'acme/app:1', ...container }], ...spec },
  };
}

const vllm = (...args: string[]) => pod({ image: 'vllm/vllm-openai:v0.11.0', args });
const tgi = (env: Record<string, string>) =>
  pod({
    image: 'ghcr.io/huggingface/text-generation-inference:3.3',
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  });
const mounted = (reference: string, path: string, more: object = {}) =>
  pod(
    {
      image: 'vllm/vllm-openai:v0.11.0',
      args: ['--model', path],
      volumeMounts: [{ name: 'm', mountPath: '/models' }],
      ...more,
    },
    {
      volumes: [
        { name: 'm', image: { reference } },
        { name: 'w', emptyDir: {} },
      ],
    },
  );
const initialized = (uri: string, readOnly = true) =>
  pod(
    {
      image: 'kserve/huggingfaceserver:v0.15',
      args: ['--model_dir=/mnt/models'],
      volumeMounts: [{ name: 'm', mountPath: '/mnt/models', readOnly }],
    },
    {
      initContainers: [
        {
          name: 'storage-initializer',
          image: 'kserve/storage-initializer:v0.15',
          args: [uri, '/mnt/models'],
          volumeMounts: [{ name: 'm', mountPath: '/mnt/models' }],
        },
      ],
      volumes: [{ name: 'm', emptyDir: {} }],
    },
  );
const kserve = (spec: object): KubeObject => ({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { generateName: 'i-' },
  spec,
});

/** Admitted objects by the title of their test. */
const ADMITTED: Readonly<Record<string, KubeObject>> = {
  'a program without a model': pod({ command: ['sleep', '1'] }),
  'a script without a model': pod({ command: ['sh', '-c', 'sleep 1'] }),
  'vLLM with --model and --revision': vllm('--model', 'acme/model', '--revision', COMMIT, '--port', '8000'),
  'vLLM with --model= and --revision=': vllm('--model=acme/model', `--revision=${COMMIT}`),
  'vllm serve': pod({ command: ['vllm', 'serve', 'acme/model', '--revision', COMMIT] }),
  'an image whose entrypoint is the server': vllm('acme/model', '--revision', COMMIT),
  'remote code that is approved': vllm('--model', OPEN, '--revision', COMMIT, '--trust-remote-code'),
  'TGI with variables': tgi({ MODEL_ID: 'acme/model', REVISION: COMMIT }),
  'the KServe runtime': pod({ args: ['--model_id=acme/model', `--model_revision=${COMMIT}`] }),
  'an image volume': mounted(IMAGE, '/models'),
  'an image volume with a tag and a digest': mounted(IMAGE.replace('@', ':v1@'), '/models/llama'),
  'a model that the storage initializer fetches': initialized(`hf://acme/model:${COMMIT}`),
  'an InferenceService': kserve({
    predictor: { model: { modelFormat: { name: 'huggingface' }, storageUri: `hf://acme/model:${COMMIT}` } },
  }),
  'an InferenceService with an image': kserve({ predictor: { triton: { storageUri: `oci://${IMAGE}` } } }),
};

const REFUSED: Readonly<Record<string, readonly [KubeObject, RegExp]>> = {
  'an unlisted model': [
    vllm('--model', 'acme/evil', '--revision', COMMIT),
    /not in the allowlist of models: hf:\/\/acme\/evil@0123/,
  ],
  'a model without a revision': [vllm('--model', 'acme/model'), /hf:\/\/acme\/model@/],
  'a branch': [vllm('--model', 'acme/model', '--revision', 'main'), /hf:\/\/acme\/model@main/],
  'a second model': [vllm('--model', 'acme/model', '--revision', COMMIT, '--model=acme/evil'), /acme\/evil/],
  'two revisions': [vllm('--model', 'acme/model', '--revision', COMMIT, '--revision', 'main'), /hf:\/\/acme\/model@/],
  'a denied model': [vllm('--model', 'acme/bad', '--revision', COMMIT), /acme\/bad/],
  'a model with an expired approval': [vllm('--model', 'acme/old', '--revision', COMMIT), /acme\/old/],
  'a model that is approved for another server': [vllm('--model', 'acme/far', '--revision', COMMIT), /acme\/far/],
  'an unlisted model in a flag with underscores': [pod({ args: ['--model_id', 'acme/evil'] }), /acme\/evil/],
  'vllm serve with an unlisted model': [pod({ command: ['/usr/bin/vllm', 'serve', 'acme/evil'] }), /acme\/evil/],
  'vllm serve with options before the model': [
    pod({ command: ['vllm', 'serve', '--port', '1', 'acme/evil'] }),
    /--port/,
  ],
  'an unlisted model as the first argument of an image': [vllm('acme/evil'), /acme\/evil/],
  'remote code that is not approved': [
    vllm('--model', 'acme/model', '--revision', COMMIT, '--trust-remote-code'),
    /acme\/model/,
  ],
  'TGI with an unlisted model': [tgi({ MODEL_ID: 'acme/evil', REVISION: COMMIT }), /acme\/evil/],
  'remote code enabled by a variable': [
    tgi({ MODEL_ID: 'acme/model', REVISION: COMMIT, TRUST_REMOTE_CODE: 'true' }),
    /acme\/model/,
  ],
  'adapters in a variable': [
    tgi({ MODEL_ID: 'acme/model', REVISION: COMMIT, LORA_ADAPTERS: 'acme/evil' }),
    /variable names another model/,
  ],
  'another server in a variable': [
    tgi({ MODEL_ID: 'acme/model', REVISION: COMMIT, HF_ENDPOINT: 'https://evil.example' }),
    /another server/,
  ],
  'a model name from a field of the Pod': [
    pod({
      image: 'ghcr.io/huggingface/text-generation-inference:3.3',
      env: [{ name: 'MODEL_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    }),
    /is unknown/,
  ],
  'variables from a ConfigMap': [
    pod({
      image: 'vllm/vllm-openai',
      args: ['--model', 'acme/model', '--revision', COMMIT],
      envFrom: [{ configMapRef: { name: 'x' } }],
    }),
    /variables come from another object/,
  ],
  'a file with arguments': [vllm('--config', '/etc/vllm.yaml'), /is unknown/],
  'a draft model': [
    vllm('--model', 'acme/model', '--revision', COMMIT, '--speculative-config', '{"model":"acme/evil"}'),
    /an argument names another model/,
  ],
  'a LoRA adapter in a flag with underscores': [
    vllm('--model', 'acme/model', '--revision', COMMIT, '--lora_modules=a=acme/evil'),
    /an argument names another model/,
  ],
  'an abbreviated flag': [
    vllm('--model', 'acme/model', '--revision', COMMIT, '--mod=acme/evil'),
    /an argument is shortened/,
  ],
  'a variable in an argument': [vllm('--model', 'acme/$(NAME)', '--revision', COMMIT), /cannot be told|acme/],
  'a server without a model argument': [vllm('--port', '8000'), /does not say which/],
  'a shell script': [pod({ command: ['bash', '-lc', 'vllm serve acme/evil'] }), /script of a shell/],
  'a program that the policy cannot read': [
    pod({ image: 'ollama/ollama', command: ['ollama', 'serve'] }),
    /only the webhook can read/,
  ],
  'llama.cpp': [pod({ args: ['llama-server', '-hf', 'acme/evil'] }), /only the webhook can read/],
  'a model on a persistent volume claim': [
    pod(
      { args: ['--model', '/models/x'], volumeMounts: [{ name: 'm', mountPath: '/models' }] },
      { volumes: [{ name: 'm', persistentVolumeClaim: { claimName: 'x' } }] },
    ),
    /others may write/,
  ],
  'a model folder that is not on a volume': [vllm('--model', '/models/x'), /others may write/],
  'a writable folder over an image volume': [
    mounted(IMAGE, '/models/x/y', {
      volumeMounts: [
        { name: 'm', mountPath: '/models' },
        { name: 'w', mountPath: '/models/x' },
      ],
    }),
    /others may write/,
  ],
  'a writable folder over an image volume, with a path that is not normalized': [
    mounted(IMAGE, '/models/x/y', {
      volumeMounts: [
        { name: 'm', mountPath: '/models' },
        { name: 'w', mountPath: '/models/x//' },
      ],
    }),
    /others may write/,
  ],
  'a path with ".." that leaves the image volume': [mounted(IMAGE, '/models/../tmp/x'), /others may write/],
  'an image volume with an unlisted image': [
    mounted(`ghcr.io/acme/evil@${sha256('evil')}`, '/models'),
    /oci:\/\/ghcr.io\/acme\/evil@/,
  ],
  'an image volume with only a tag': [mounted('ghcr.io/acme/llama:v1', '/models'), /oci:\/\/ghcr.io\/acme\/llama:v1/],
  'a modelcar with an unlisted image': [pod({ name: 'modelcar', image: 'ghcr.io/acme/evil:1' }), /acme\/evil/],
  'an unlisted model that the storage initializer fetches': [initialized('hf://acme/evil'), /hf:\/\/acme\/evil/],
  'a folder that the server can write to': [initialized(`hf://acme/model:${COMMIT}`, false), /others may write/],
  'a Deployment with an unlisted model': [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { generateName: 'd-' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: vllm('--model', 'acme/evil').spec },
      },
    },
    /acme\/evil/,
  ],
  'a CronJob with an unlisted model': [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { generateName: 'd-' },
      spec: {
        schedule: '@daily',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', ...Object(vllm('--model', 'acme/evil').spec) } } },
        },
      },
    },
    /acme\/evil/,
  ],
  'an InferenceService with an unlisted model': [
    kserve({ predictor: { sklearn: { storageUri: 's3://models/iris' } } }),
    /s3:\/\/models\/iris/,
  ],
  'an InferenceService with a storage secret': [
    kserve({ predictor: { model: { storage: { key: 'k' } } } }),
    /spec.predictor.model.storage/,
  ],
  'an InferenceService with a list of URIs': [
    kserve({ predictor: { storageUris: [{ uri: 'pvc://x/y' }] } }),
    /pvc:\/\/x\/y/,
  ],
  'an LLMInferenceService with an unlisted model': [
    {
      apiVersion: 'serving.kserve.io/v1alpha2',
      kind: 'LLMInferenceService',
      metadata: { generateName: 'l-' },
      spec: { model: { uri: 'hf://acme/evil' } },
    },
    /hf:\/\/acme\/evil/,
  ],
};

describe('the allowlist of the fallback policy', () => {
  it('contains what is currently approved, and lists what it cannot contain', () => {
    const { data, leftOut } = allowlistOf(SNAPSHOT, { now: NOW });
    expect(Object.keys(data)).toEqual([
      'snapshot-version',
      `hf_c_s_sacme_smodel_a${COMMIT}`,
      `oci_c_s_sghcr.io_sacme_sllama_a${sha256('image').replace(':', '_c')}`,
      `hf_c_s_sacme_sopen_a${COMMIT}`,
      `hf_c_s_sacme_sdev_a${COMMIT}`,
    ]);
    expect(data[`hf_c_s_sacme_sopen_a${COMMIT}`]).toBe('remote-code');
    expect(leftOut).toEqual([
      { reference: `hf://acme/far@${COMMIT}`, why: 'it is approved from https://hub.acme.example' },
    ]);
    expect(allowlistOf(SNAPSHOT, { now: NOW, stage: 'dev' }).data).not.toHaveProperty(`hf_c_s_sacme_smodel_a${COMMIT}`);
  });

  it('is not truncated when it is too large', () => {
    const entries = Array.from({ length: 20_000 }, (_, index) =>
      entry({ model: `acme/m${index}`, digest: sha256(String(index)), refs: [`hf://acme/m${index}@${COMMIT}`] }),
    );
    expect(() => allowlistOf(document({ entries }), { now: NOW })).toThrow(
      /20001 references are \d+ bytes, and a ConfigMap holds 1048576/,
    );
  });
});

describe('assay admit --fallback', () => {
  const folder = tempFolder();
  const [file, key] = [join(folder, 'snapshot.json'), join(folder, 'snapshot.pub')];
  const later = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '');
  const ask = (...args: string[]) =>
    runCli(['admit', '--fallback', '--snapshot', file, '--snapshot-key', key, ...args]);

  beforeAll(async () => {
    writeFileSync(file, await signed({ entries: SNAPSHOT.entries, expires: later }));
    writeFileSync(key, writer.publicKey.export({ type: 'spki', format: 'pem' }));
  });

  it('writes manifests, and lists what it omitted', async () => {
    const { code, stdout, stderr } = await ask('--stage', 'production', '--namespace', 'gate');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `hf://acme/far@${COMMIT} is left out, so it is refused: it is approved from https://hub.acme.example`,
    );
    expect(stderr).toContain(`3 approved references, good until ${later}`);
    const objects = parseAllDocuments(stdout).map((one): KubeObject => one.toJS());
    expect(objects[0]?.metadata).toMatchObject({ name: 'assay-fallback-production', namespace: 'gate' });
    for (const { kind, spec } of objects) {
      if (kind !== 'ValidatingAdmissionPolicyBinding') continue;
      const { matchExpressions } = Object(spec).matchResources.namespaceSelector;
      expect(matchExpressions).toContainEqual({ key: 'assay.dev/stage', operator: 'In', values: ['production'] });
    }
  });

  it.each([
    ['an invalid stage', ['--stage', 'Prod'], /--stage Prod: is not a stage/],
    [
      'an output that is not a file',
      ['--snapshot', 'https://assay.example.com'],
      /https:\/\/assay.example.com: is not a file; download it first/,
    ],
    ['a missing file', ['--snapshot', 'none.json'], /none.json: no such file/],
    ['a file that is not a snapshot', ['--snapshot', key], /snapshot.pub: this is not a snapshot/],
    ['another tenant', ['--tenant', 'other'], /belongs to the tenant "acme", not to "other"/],
  ])('refuses %s with a one-line error', async (_, args, why) => {
    const { code, stdout, stderr } = await ask(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(why);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses an expired snapshot', async () => {
    const ended = join(folder, 'ended.json');
    writeFileSync(ended, await signed({ expires: '2026-11-25T11:30:00Z' }));
    expect(await ask('--snapshot', ended)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/it expired at 2026-11-25T11:30:00Z; write a newer one/),
    });
  });
});

requirePart('kube-apiserver and etcd', hasKube, KUBE_HOW, 'the fallback policy on a real API server', () => {
  let kube: RunningKube;

  beforeAll(async () => {
    kube = await startKube();
    await kube.createNamespace('assay');
    for (const mode of ['enforce', 'warn', 'off', 'enfroce'])
      await kube.createNamespace(mode, { 'assay.dev/admission': mode });
    await kube.createNamespace('free');
    await kube.installCrds(ML_KINDS.filter(({ group }) => group === 'serving.kserve.io'));
    const { yaml } = fallbackManifests(SNAPSHOT, OPTIONS);
    await kube.createAll(parseAllDocuments(yaml).map((one): KubeObject => one.toJS()));
    await untilRefused('enforce', vllm('--model', 'acme/evil'));
    await untilRefused('enforce', kserve({ predictor: { sklearn: { storageUri: 's3://models/iris' } } }));
  });
  afterAll(() => kube.stop());

  function untilRefused(namespace: string, object: KubeObject): Promise<void> {
    const ask = async () => {
      const { status, body } = await kube.create(object, { namespace, dryRun: true });
      if (status !== 403) throw new Error(`${status} ${body.message}`);
    };
    return vi.waitFor(ask, { timeout: 60_000, interval: 100 });
  }

  it.each(Object.entries(ADMITTED))('admits %s', async (_, object) => {
    const { status, body } = await kube.create(object, { namespace: 'enforce', dryRun: true });
    expect({ status, message: body.message }).toEqual({ status: 201, message: undefined });
  });

  it.each(Object.entries(REFUSED))('refuses %s', async (_, [object, why]) => {
    const { status, body } = await kube.create(object, { namespace: 'enforce', dryRun: true });
    expect({ status, message: body.message }).toEqual({ status: 403, message: expect.stringMatching(why) });
  });

  it('refuses an unlisted model in every form that a program of the tables accepts', async () => {
    const told = PROGRAMS.filter(({ images }) => images.length > 0).flatMap(
      ({ id, images, takes, env, after = {} }) => {
        const image = `registry.example/${images[0]}:1`;
        const finds = (of: typeof takes) =>
          Object.entries(of).flatMap(([name, means]) => ('finds' in means ? [name] : []));
        return [
          ...finds(takes).map((name) => ({ id, name, object: pod({ image, args: [name, 'acme/evil'] }) })),
          ...finds(takes).map((name) => ({
            id,
            name: `${name}=`,
            object: pod({ image, args: [`${name}=acme/evil`] }),
          })),
          ...finds(env).map((name) => ({ id, name, object: pod({ image, env: [{ name, value: 'acme/evil' }] }) })),
          ...Object.keys(after).map((name) => ({ id, name, object: pod({ image, args: [name, 'acme/evil'] }) })),
        ];
      },
    );
    expect(told.length).toBeGreaterThan(80);
    const admitted: string[] = [];
    for (const { id, name, object } of told) {
      const { status } = await kube.create(object, { namespace: 'enforce', dryRun: true });
      if (status !== 403) admitted.push(`${id} ${name}: ${status}`);
    }
    expect(admitted).toEqual([]);
  });

  it('admits long objects, and refuses objects that exceed the cost limit of the API server', async () => {
    const many = (containers: number, args: readonly string[]) => ({
      ...pod({}),
      spec: { containers: Array.from({ length: containers }, (_, index) => ({ name: `c${index}`, image: 'x', args })) },
    });
    const listed = ['--model', 'acme/model', '--revision', COMMIT, ...Array.from({ length: 50 }, () => 'x'.repeat(50))];
    const ask = (object: KubeObject) => kube.create(object, { namespace: 'enforce', dryRun: true });
    expect((await ask(many(10, listed))).status).toBe(201);
    const { status, body } = await ask(many(1, [...listed, 'x'.repeat(300_000)]));
    expect(status).toBe(422);
    expect(body.message).toMatch(/ValidatingAdmissionPolicy 'assay-fallback-pods'/);
  });

  it('warns, refuses or does nothing as the label of the namespace says', async () => {
    const evil = vllm('--model', 'acme/evil');
    const warned = await kube.create(evil, { namespace: 'warn', dryRun: true });
    expect(warned.status).toBe(201);
    expect(warned.warnings.join()).toContain('acme/evil');
    for (const namespace of ['off', 'free'])
      expect((await kube.create(evil, { namespace, dryRun: true })).warnings).toEqual([]);
    expect((await kube.create(evil, { namespace: 'enfroce', dryRun: true })).status).toBe(403);
  });
});
