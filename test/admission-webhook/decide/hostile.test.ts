import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AdmissionRequest,
  answerMalformed,
  decideReview,
  readReview,
  reviewResponse,
  type WebhookState,
} from '../../../admission-webhook/src/index.ts';
import { FIELDS } from '../../../src/workload/table/fields.ts';
import { POD_SPECS } from '../../../src/workload/table/pod-specs.ts';
import { PROGRAMS } from '../../../src/workload/table/programs.ts';
import { kindOf, objectsAt, podOf } from '../../workload/build.ts';
import { FIELD_VALUES, VALUES } from '../../workload/samples.ts';
import {
  approved,
  COMMIT,
  decide,
  gateOf,
  heldSnapshot,
  NOW,
  RECORDED,
  recorded,
  requestOf,
  reviewOf,
} from './support.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);

/** Everything pinned in the recorded reviews and in the generated ones is approved, except one model. */
const STRAY = 'hf://stray/model';
let state: WebhookState;
beforeAll(async () => {
  const refs = [
    'hf://meta-llama/Llama-3.1-8B-Instruct@0e9e39f249a16976918f6564b8830bc894c89659',
    'hf://mistralai/Mistral-7B-v0.1@27d67f1b5f57dc0953326b2601d68371d40ea8da',
    'hf://org/model@0e9e39f249a16976918f6564b8830bc894c89659',
    `hf://acme/good@${COMMIT}`,
  ];
  state = gateOf(await heldSnapshot(refs.map((ref) => approved(ref))));
});

/** Answers a body as the server does. @throws whatever the webhook throws */
function answer(body: Uint8Array) {
  const read = readReview(body);
  const given = read.kind === 'request' ? decideReview(read.request, state, NOW) : answerMalformed(read, state, NOW);
  const uid = read.kind === 'request' ? read.request.uid : read.uid;
  const response = JSON.parse(JSON.stringify(reviewResponse(given, uid))).response;
  expect(response).toMatchObject({ uid, allowed: given.allowed });
  if (!given.allowed) expect(response.status).toMatchObject({ code: given.code, message: expect.stringMatching(/./) });
  expect(given.allowed).toBe(given.record.action !== 'deny');
  return given;
}

describe('a body of any content', () => {
  it('gets a refusal: any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(answer(bytes).allowed).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('gets a refusal: any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(answer(Buffer.from(JSON.stringify(json))).allowed).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('gets a response without an internal error: any JSON as object of a review', () => {
    const of = fc.record({
      operation: fc.constantFrom('CREATE', 'UPDATE'),
      object: fc.jsonValue(),
      old: fc.jsonValue(),
    });
    fc.assert(
      fc.property(of, ({ operation, object, old }) => {
        const whole = { apiVersion: 'acme.io/v1', kind: 'Thing', spec: object };
        const body = reviewOf(whole, { operation, oldObject: { ...whole, spec: old } });
        expect(answer(body).code).not.toBe(500);
      }),
      { numRuns: RUNS },
    );
  });

  it('gets a response: recorded reviews with any bytes changed', () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.constantFrom(...RECORDED), fc.array(change, { minLength: 1, maxLength: 8 }), (name, changes) => {
        const body = recorded(name);
        for (const { at, to } of changes) body[Math.floor(at * (body.length - 1))] = to;
        answer(body);
      }),
      { numRuns: RUNS },
    );
  });

  it('gets a refusal: truncated recorded reviews', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RECORDED), fc.double({ min: 0, max: 0.99, noNaN: true }), (name, part) => {
        const body = recorded(name);
        expect(answer(body.subarray(0, Math.floor(part * body.length))).allowed).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('recorded reviews with any part replaced', () => {
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom('', null, 0, [], {}, 'hf://', '$(X)', 'x'.repeat(5_000), { valueFrom: {} }),
  );

  it('get a response, and an object without its kind is refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RECORDED),
        fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        values,
        (name, path, value) => {
          const review = JSON.parse(recorded(name).toString());
          replaced(review, path, value);
          answer(Buffer.from(JSON.stringify(review)));
          const { request } = JSON.parse(recorded(name).toString());
          if (!['CREATE', 'UPDATE'].includes(request.operation)) return;
          const without = { ...request, object: { ...request.object, kind: undefined } };
          const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: without };
          expect(answer(Buffer.from(JSON.stringify(body)))).toMatchObject({ allowed: false, code: 400 });
        },
      ),
      { numRuns: RUNS },
    );
  });
});

/** Follows the numbers, each the index of a property, and sets the value at the end. */
function replaced(json: unknown, path: readonly number[], value: unknown): void {
  const [step = 0, ...rest] = path;
  if (typeof json !== 'object' || json === null) return;
  const names = Object.keys(json);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined) return;
  const next: unknown = Reflect.get(json, name);
  if (rest.length > 0 && typeof next === 'object' && next !== null) replaced(next, rest, value);
  else Reflect.set(json, name, value);
}

describe('an unlisted model is refused in', () => {
  const stray = { name: 'x', image: 'reg.io/x', args: ['--model', STRAY] };

  const places = POD_SPECS.flatMap((row) =>
    row.kinds.flatMap((kind) => [...row.paths, ...(row.containers ?? [])].map((path) => ({ row, kind, path }))),
  );
  it.each(places)('$kind $path', ({ row, kind, path }) => {
    for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
      const isContainer = row.containers?.includes(path) === true;
      const value = isContainer ? stray : { containers: [{ name: 'c', image: 'x' }], [list]: [stray] };
      for (const object of objectsAt(path, value)) {
        const given = decide(reviewOf({ ...kindOf(row.group, kind), ...object }), state);
        expect(given).toMatchObject({ allowed: false, message: expect.stringContaining(STRAY) });
      }
    }
  });

  const fields = FIELDS.flatMap((row) => row.kinds.map((kind) => ({ row, kind, id: row.id })));
  it.each(fields)('$kind $id', ({ row, kind, id }) => {
    const [value] = FIELD_VALUES[id] ?? [undefined];
    const isData = 'finds' in row.what && row.what.finds === 'dataset';
    for (const object of objectsAt(row.path, value)) {
      const given = decide(reviewOf({ ...kindOf(row.group, kind), ...object }), state);
      expect(given.record.action).toBe(isData ? 'audit' : 'deny');
    }
  });

  const told = PROGRAMS.flatMap((row) => [
    ...Object.entries(row.takes).flatMap(([name, means]) =>
      'finds' in means ? [{ row, name, means, how: 'argument' }] : [],
    ),
    ...Object.entries(row.env).flatMap(([name, means]) =>
      'finds' in means ? [{ row, name, means, how: 'variable' }] : [],
    ),
  ]).filter(({ means }) => means.finds !== 'dataset');
  it.each(told)('$row.id by the $how $name', ({ row, name, means, how }) => {
    const [plain] = VALUES[means.bare ?? 'hub'];
    const value = means.shape === 'json' ? JSON.stringify({ model: plain }) : plain;
    const [image = 'x'] = row.images;
    const [command] = row.commands;
    const program =
      row.images.length > 0
        ? { image: image.endsWith('/') ? `${image}x` : image }
        : { command: command === undefined ? ['python', 'x.py'] : [command] };
    const spellings =
      how === 'variable'
        ? [{ env: [{ name, value }] }]
        : [{ args: [name, value] }, { args: [`${name}=${value}`] }, { args: ['--', name, value] }];
    for (const spelled of spellings) {
      const given = decide(reviewOf(Object(podOf({ ...program, ...spelled }))), state);
      expect(given.allowed, JSON.stringify(spelled)).toBe(false);
    }
  });
});

describe('an unlisted model that is added to a recorded review is refused', () => {
  type Put = (container: Record<string, unknown>) => object;
  const list = (value: unknown) => (Array.isArray(value) ? value : []);
  const ways: Readonly<Record<string, Put>> = {
    'an argument': (container) => ({ args: [...list(container.args), '--tokenizer', 'stray/model'] }),
    'an argument with =': (container) => ({ args: ['--hf-repo=stray/model', ...list(container.args)] }),
    'a scheme': (container) => ({ args: [...list(container.args), '--any', STRAY] }),
    'a variable': (container) => ({ env: [...list(container.env), { name: 'HF_MODEL_ID', value: 'stray/model' }] }),
    'a variable that nobody knows': (container) => ({ env: [...list(container.env), { name: 'X', value: STRAY }] }),
    'a variable that comes from elsewhere': (container) => ({
      env: [...list(container.env), { name: 'MODEL_ID', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    }),
    'all variables from elsewhere': () => ({ envFrom: [{ configMapRef: { name: 'stray' } }] }),
    'another server': (container) => ({
      env: [
        ...list(container.env),
        { name: 'HF_ENDPOINT', value: 'https://stray.example' },
        { name: 'X', value: STRAY },
      ],
    }),
    'a script': () => ({ command: ['/bin/sh', '-c', 'vllm serve stray/model'] }),
    'a hook': () => ({ lifecycle: { postStart: { exec: { command: ['ollama', 'pull', 'stray'] } } } }),
    'its image': () => ({ image: 'reg.io/modelcar-stray:1' }),
  };

  const targets = RECORDED.filter((name) => {
    const { request } = JSON.parse(recorded(name).toString());
    return request.operation === 'CREATE' && containersOf(request.object).length > 0;
  });

  it('in any way, in any container, with any other fields', () => {
    expect(targets.length).toBeGreaterThan(8);
    const noise = fc.record({
      labels: fc.dictionary(fc.constantFrom('app', '__proto__', 'assay.dev/admission', 'constructor'), fc.string()),
      annotations: fc.dictionary(fc.constantFrom('assay.dev/verified', 'toString', 'a.b/c'), fc.string()),
      owner: fc.boolean(),
      extra: fc.jsonValue({ maxDepth: 2 }),
      name: fc.constantFrom('storage-initializer', 'istio-proxy', 'assay-fetch', 'c'),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...targets),
        fc.constantFrom(...Object.keys(ways)),
        fc.nat(),
        noise,
        (target, way, index, { labels, annotations, owner, extra, name }) => {
          const review = JSON.parse(recorded(target).toString());
          const request: AdmissionRequest & { object: Record<string, unknown> } = review.request;
          const all = containersOf(request.object);
          const container = all[index % all.length] ?? {};
          Object.assign(container, ways[way]?.(container), { name });
          const owners = owner ? [{ kind: 'ReplicaSet', name: 'x', uid: 'u', controller: true }] : [];
          const metadata = { name: 'x', labels, annotations, ownerReferences: owners };
          Object.assign(request.object, { metadata, extra });
          const given = answer(Buffer.from(JSON.stringify(review)));
          expect(given.allowed, `${target}, ${way}`).toBe(false);
        },
      ),
      { numRuns: RUNS * 2 },
    );
  });

  it('in an update of an object that did not contain it', () => {
    const body = recorded('create_apps_statefulsets_tgi.json');
    for (const [way, put] of Object.entries(ways)) {
      const { request } = JSON.parse(body.toString());
      const old = structuredClone(request.object);
      const [container = {}] = containersOf(request.object);
      Object.assign(container, put(container));
      const update = { ...request, operation: 'UPDATE', oldObject: old };
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: update };
      expect(answer(Buffer.from(JSON.stringify(review))).allowed, way).toBe(false);
    }
  });
});

function containersOf(object: unknown): readonly Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (/^(?:init|ephemeral)?containers$/i.test(name) && Array.isArray(inner)) found.push(...inner);
      else walk(inner);
    }
  };
  walk(object);
  return found;
}

describe('an expensive review', () => {
  it('gets a response: objects of the largest size that the API server accepts', () => {
    const many = 3_000;
    const container = (at: number) => ({
      name: `c${at}`,
      image: 'vllm',
      args: ['--model', `acme/m${at}`, '--config', 'x'],
    });
    const objects: readonly object[] = [
      { ...kindOf('', 'Pod'), spec: { containers: Array.from({ length: many }, (_, at) => container(at)) } },
      Object(podOf({ args: Array.from({ length: 50_000 }, (_, at) => `hf://acme/m${at}`) })),
      Object(podOf({ image: 'vllm', args: ['--model', `s3://bucket/${'$('.repeat(500_000)}`] })),
      { ...kindOf('acme.io', 'Thing'), spec: Array.from({ length: 100_000 }, (_, at) => `hf://acme/m${at}`) },
      { ...kindOf('acme.io', 'Thing'), spec: JSON.parse(`${'['.repeat(900)}"hf://a/b"${']'.repeat(900)}`) },
    ];
    for (const object of objects) {
      const body = reviewOf(object, { operation: 'UPDATE', oldObject: { ...object, metadata: { name: 'x' } } });
      const request = requestOf(body);
      const given = answer(body);
      expect(decideReview({ ...request, operation: 'CREATE' }, state, NOW).allowed).toBe(false);
      expect(given.record.rulings.length).toBeGreaterThan(0);
    }
  });
});
