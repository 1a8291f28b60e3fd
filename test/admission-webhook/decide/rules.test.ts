import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BreakGlassQuery,
  type HeldSnapshot,
  MODES,
  type NamespaceRule,
  type Outcome,
  type WebhookAction,
  type WebhookState,
} from '../../../admission-webhook/src/index.ts';
import { podOf } from '../../workload/build.ts';
import { ALLOWED_IMAGE, DIGEST, heldModels, IMAGE, OTHER, pinned, vllm, withEnv } from './models.ts';
import { COMMIT, decide, gateOf, NOW, reviewOf, sha256 } from './support.ts';

let snapshot: HeldSnapshot;
let state: WebhookState;
beforeAll(async () => {
  snapshot = await heldModels();
  state = gateOf(snapshot);
});

/** Outcomes and actions of a Pod that is created. */
function ruled(container: object, spec: object = {}, from = state): readonly string[] {
  const { record } = decide(reviewOf(Object(podOf(container, spec))), from);
  return record.rulings.map(({ outcome, action }) => `${outcome} ${action}`);
}

describe('each reference is', () => {
  const volume = (source: object) => ({ volumes: [{ name: 'm', ...source }] });
  const mounted = { ...vllm('/models/x'), volumeMounts: [{ name: 'm', mountPath: '/models' }] };
  it.each<[string, object, object, readonly string[]]>([
    ['approved at its commit', pinned('acme/good'), {}, ['approved allow']],
    ['approved when a path of it is named', vllm(`hf://acme/good@${COMMIT}/onnx`), {}, ['approved allow']],
    ['unlisted at another commit', vllm('acme/good', '--revision', OTHER), {}, ['unlisted deny']],
    ['unlisted when nobody decided', pinned('acme/stray'), {}, ['unlisted deny']],
    ['unpinned by its name alone', vllm('acme/good'), {}, ['unpinned deny']],
    ['unpinned by a branch', vllm('acme/good', '--revision', 'main'), {}, ['unpinned deny']],
    ['denied when it was decided against', pinned('acme/bad'), {}, ['denied deny']],
    [
      'another one from another server',
      withEnv(pinned('acme/good'), 'HF_ENDPOINT', 'https://x.example'),
      {},
      ['unlisted deny'],
    ],
    [
      'approved at the server it was approved at',
      withEnv(pinned('acme/mirrored'), 'HF_ENDPOINT', 'https://mirror.example/'),
      {},
      ['approved allow'],
    ],
    ['not approved elsewhere than there', pinned('acme/mirrored'), {}, ['unlisted deny']],
    ['another one on ModelScope', withEnv(pinned('acme/good'), 'VLLM_USE_MODELSCOPE', '1'), {}, ['unpinned deny']],
    ['unlisted with its own code', pinned('acme/good', '--trust-remote-code'), {}, ['unlisted deny']],
    ['approved with its own code where that was', pinned('acme/code', '--trust-remote-code'), {}, ['approved allow']],
    ['approved without the code that is approved, too', pinned('acme/code'), {}, ['approved allow']],
    ['unlisted with files of another format', pinned('acme/good', '--load-format=pt'), {}, ['unlisted deny']],
    ['unlisted with a format nobody knows', pinned('acme/good', '--load-format', 'new'), {}, ['unlisted deny']],
    ['approved with the safe one', pinned('acme/good', '--load-format', 'safetensors'), {}, ['approved allow']],
    [
      'unpinned by its code',
      pinned('acme/code', '--trust-remote-code', '--code-revision', 'main'),
      {},
      ['unpinned deny'],
    ],
    [
      'unlisted by its code',
      pinned('acme/code', '--trust-remote-code', '--code-revision', OTHER),
      {},
      ['unlisted deny'],
    ],
    [
      'approved with code of the same commit',
      pinned('acme/code', '--trust-remote-code', '--code-revision', COMMIT),
      {},
      ['approved allow'],
    ],
    [
      'unresolved by its code',
      pinned('acme/code', '--trust-remote-code', '--code-revision', 'a..b'),
      {},
      ['unresolved deny'],
    ],
    ['unverified from a cache', withEnv(pinned('acme/good'), 'HF_HUB_OFFLINE', '1'), {}, ['unverified deny']],
    [
      'unlisted and unverified',
      withEnv(pinned('acme/stray'), 'HF_HUB_OFFLINE', '1'),
      {},
      ['unlisted deny', 'unverified deny'],
    ],
    [
      'unverified in a claim',
      mounted,
      volume({ persistentVolumeClaim: { claimName: 'w' } }),
      ['unverified deny', 'unverified deny'],
    ],
    ['unverified on a node', mounted, volume({ hostPath: { path: '/data' } }), ['unverified deny', 'unverified deny']],
    [
      'unverified in a bucket',
      mounted,
      volume({ csi: { driver: 's3.csi.aws.com', volumeAttributes: { bucketName: 'bucket' } } }),
      ['unpinned deny', 'unverified deny'],
    ],
    [
      'approved in an image volume',
      mounted,
      volume({ image: { reference: `reg.io/acme/weights@${DIGEST}` } }),
      ['approved allow', 'approved allow'],
    ],
    [
      'unpinned in an image volume with a tag',
      mounted,
      volume({ image: { reference: 'reg.io/acme/weights:1' } }),
      ['unpinned deny', 'unpinned deny'],
    ],
    ['approved in an image that is', { image: IMAGE, args: ['--model', '/app/x'] }, {}, ['approved allow']],
    [
      'approved in an image that is allowed',
      { image: ALLOWED_IMAGE, args: ['--model', '/app/x'] },
      {},
      ['approved allow'],
    ],
    ['unpinned in an image with a tag', { image: 'reg.io/x:1', args: ['--model', '/app/x'] }, {}, ['unpinned deny']],
    [
      'unlisted in another image',
      { image: `reg.io/x@${sha256('x')}`, args: ['--model', '/app/x'] },
      {},
      ['unlisted deny'],
    ],
    ['unresolved in a script', { command: ['sh', '-c', 'python serve.py'] }, {}, ['unresolved deny']],
    ['of no kind that is decided on', vllm('gs://bucket/model'), {}, ['unpinned deny']],
    [
      'judged by the worst of all',
      pinned('acme/good', '--lora-modules', 'x=acme/stray'),
      {},
      ['unpinned deny', 'approved allow'],
    ],
    [
      'tokenizer as well as model',
      pinned('acme/good', '--tokenizer', 'acme/stray'),
      {},
      ['unpinned deny', 'approved allow'],
    ],
    [
      'draft as well as model',
      pinned('acme/good', '--speculative-config', `{"model":"acme/bad","revision":"${COMMIT}"}`),
      {},
      ['denied deny', 'approved allow'],
    ],
    [
      'told of as data, and not refused',
      { args: ['--dataset-name', 'acme/data'] },
      {},
      ['unpinned audit', 'none allow'],
    ],
    [
      'refused as data that runs its script',
      { args: ['--dataset-name', 'acme/data', '--trust-remote-code'] },
      {},
      ['unpinned deny'],
    ],
    ['none, and left alone', { image: 'postgres:17' }, {}, ['none allow']],
  ])('%s', (_, container, spec, wanted) => {
    expect([...ruled(container, spec)].sort()).toEqual([...wanted].sort());
  });
});

describe('the stage of the namespace', () => {
  const at = (stage: string) => gateOf(snapshot, { defaults: { stage } });
  it('is the one that an approval is for', () => {
    expect(ruled(pinned('acme/staged'), {}, at('staging'))).toEqual(['approved allow']);
    expect(ruled(pinned('acme/staged'), {}, at('production'))).toEqual(['denied deny']);
    expect(ruled(pinned('acme/staged'))).toEqual(['approved allow']);
    expect(ruled(pinned('acme/ended'), {}, at('production'))).toEqual(['denied deny']);
  });

  it('is in the command that corrects it', () => {
    const { message } = decide(reviewOf(Object(podOf(pinned('acme/staged')))), at('production'));
    expect(message).toContain('it is approved for staging, not for production');
    expect(message).toContain('assay approve acme/staged@1 --stage production');
  });

  it('in production, a program that names no model is refused unless its images are allowed', () => {
    const production = at('production');
    expect(ruled({ image: 'postgres:17' }, {}, production)).toEqual(['none deny']);
    expect(ruled({ image: `postgres@${sha256('p')}` }, {}, production)).toEqual(['none deny']);
    expect(ruled({ image: ALLOWED_IMAGE }, {}, production)).toEqual(['none allow']);
    expect(ruled({ image: IMAGE }, {}, production)).toEqual(['none allow']);
    const initContainers = [{ name: 'i', image: 'busybox' }];
    expect(ruled({ image: ALLOWED_IMAGE }, { initContainers }, production)).toEqual(['none deny']);
    expect(ruled({ image: undefined }, {}, production)).toEqual(['none deny']);
    const data = { image: 'trainer', args: ['--dataset-name', 'acme/data'] };
    expect(ruled(data, {}, production)).toEqual(['none deny', 'unpinned audit']);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', data: { x: 'y' } };
    expect(decide(reviewOf(map), production)).toMatchObject({
      allowed: true,
      record: { rulings: [], action: 'allow' },
    });
  });
});

describe('modes', () => {
  const reached: Readonly<Record<string, WebhookAction>> = {
    enforce: 'deny',
    warn: 'warn',
    audit: 'audit',
    off: 'allow',
  };
  it.each(MODES)('%s', (mode) => {
    const answer = decide(reviewOf(Object(podOf(pinned('acme/bad')))), gateOf(snapshot, { defaults: { mode } }));
    const action = reached[mode];
    expect(answer.allowed).toBe(mode !== 'enforce');
    expect(answer.code).toBe(mode === 'enforce' ? 403 : 200);
    expect(answer.record).toMatchObject({ mode, action });
    expect(answer.auditAnnotations.decision).toBe(action);
    expect(answer.warnings).toHaveLength(mode === 'warn' ? 1 : 0);
    expect(answer.message === '').toBe(mode !== 'enforce');
    if (mode === 'off') expect(answer.record).toMatchObject({ skipped: 'off', rulings: [] });
    if (mode === 'audit') expect(answer.auditAnnotations.reasons).toContain('it was revoked');
  });

  const kinds: readonly [Outcome, object][] = [
    ['denied', pinned('acme/bad')],
    ['unlisted', pinned('acme/stray')],
    ['unresolved', { envFrom: [{ secretRef: { name: 's' } }] }],
    ['unpinned', vllm('acme/good')],
    ['unverified', withEnv(pinned('acme/good'), 'HF_HUB_OFFLINE', '1')],
    ['none', { image: 'postgres:17' }],
  ];
  it.each(kinds)('%s leads to what the namespace says', (outcome, container) => {
    for (const action of ['allow', 'audit', 'warn', 'deny'] as const) {
      const webhook = gateOf(snapshot, { defaults: { actions: { [outcome]: action } } });
      expect(ruled(container, {}, webhook)).toEqual([`${outcome} ${action}`]);
      const weak = gateOf(snapshot, { defaults: { mode: 'audit', actions: { [outcome]: action } } });
      expect(ruled(container, {}, weak)).toEqual([`${outcome} ${action === 'allow' ? 'allow' : 'audit'}`]);
    }
  });
});

describe('what is never stopped', () => {
  const bad = Object(podOf(pinned('acme/bad')));
  it.each<[string, object | null, Record<string, unknown>, string]>([
    ['kube-system', bad, { namespace: 'kube-system' }, 'own-namespace'],
    ['the namespace of the webhook', bad, { namespace: 'assay-system' }, 'own-namespace'],
    ['DELETE', null, { operation: 'DELETE', oldObject: bad }, 'not-loading'],
    [
      'CONNECT',
      { apiVersion: 'v1', kind: 'PodExecOptions' },
      { operation: 'CONNECT', subResource: 'exec' },
      'not-loading',
    ],
    [
      'scale',
      { apiVersion: 'autoscaling/v1', kind: 'Scale' },
      { operation: 'UPDATE', subResource: 'scale' },
      'not-loading',
    ],
    ['status', bad, { operation: 'UPDATE', subResource: 'status', oldObject: bad }, 'not-loading'],
  ])('%s', (_, object, more, skipped) => {
    const webhook = gateOf(snapshot, {}, { ownNamespace: 'assay-system' });
    expect(decide(reviewOf(object, more), webhook)).toMatchObject({
      allowed: true,
      record: { skipped, action: 'allow' },
    });
  });

  it('what is being deleted, with a warning; saying so on creation is no way in', () => {
    const dying = { ...bad, metadata: { deletionTimestamp: '2026-11-25T00:00:00Z' } };
    const more = { operation: 'UPDATE', oldObject: dying };
    const answer = decide(reviewOf(dying, more), state);
    expect(answer).toMatchObject({ allowed: true, record: { skipped: 'being-deleted' } });
    expect(answer.warnings).toHaveLength(1);
    expect(decide(reviewOf(dying), state).allowed).toBe(false);
    expect(decide(reviewOf(dying, { operation: 'UPDATE', oldObject: null }), state).allowed).toBe(false);
  });

  it('neither an owner nor the name of a container saves anything', () => {
    const owned = {
      ...bad,
      metadata: {
        name: 'assay-fetch',
        ownerReferences: [{ kind: 'ReplicaSet', name: 'x', uid: 'u', controller: true }],
      },
      spec: { containers: [{ ...bad.spec.containers[0], name: 'storage-initializer' }] },
    };
    expect(decide(reviewOf(owned), state).allowed).toBe(false);
  });
});

describe('when the snapshot has ended', () => {
  const later = new Date('2026-12-03T00:00:00Z');
  const good = () => reviewOf(Object(podOf(pinned('acme/good'))));

  it('nothing is approved any more, unless the configuration freezes what was', () => {
    const answer = decide(good(), state, later);
    expect(answer.record.rulings.map(({ outcome, action }) => `${outcome} ${action}`)).toEqual([
      'expired deny',
      'approved allow',
    ]);
    expect(answer.message).toContain('2026-12-02T11:00:00Z');
    const frozen = gateOf(snapshot, { defaults: { actions: { expired: 'warn' } } });
    expect(decide(good(), frozen, later)).toMatchObject({
      allowed: true,
      warnings: [expect.stringMatching(/expired at/)],
    });
    expect(decide(reviewOf(Object(podOf(pinned('acme/stray')))), frozen, later).allowed).toBe(false);
  });

  it('objects that name no model goes on, but for images that it allowed', () => {
    expect(ruled({ image: 'postgres:17' })).toEqual(['none allow']);
    expect(decide(reviewOf(Object(podOf({ image: 'postgres:17' }))), state, later).allowed).toBe(true);
    const production = gateOf(snapshot, { defaults: { stage: 'production' } });
    expect(decide(reviewOf(Object(podOf({ image: ALLOWED_IMAGE }))), production, NOW).allowed).toBe(true);
    expect(decide(reviewOf(Object(podOf({ image: ALLOWED_IMAGE }))), production, later).allowed).toBe(false);
  });

  it('without any snapshot nothing is approved, whatever is configured', () => {
    const actions = { expired: 'allow', unlisted: 'allow' } as const;
    const none = gateOf({ kind: 'none', why: 'the file is not there' }, { defaults: { actions } });
    const answer = decide(good(), none);
    expect(answer).toMatchObject({ allowed: false, auditAnnotations: { snapshot: 'none' } });
    expect(answer.record).toMatchObject({ snapshotVersion: null });
    expect(answer.message).toContain('the file is not there');
    expect(decide(reviewOf(Object(podOf({ image: 'postgres:17' }))), none).allowed).toBe(true);
    const audit = gateOf({ kind: 'none', why: 'x' }, { defaults: { mode: 'audit' } });
    expect(decide(good(), audit)).toMatchObject({ allowed: true, record: { action: 'audit' } });
  });
});

describe('a waiver for emergencies', () => {
  const waiver = {
    by: 'oncall',
    owner: 'Ada',
    reason: 'outage 7',
    expires: '2026-11-26T00:00:00Z',
    digest: sha256('waiver'),
  };
  const asked: BreakGlassQuery[] = [];
  const waiving = (webhook: WebhookState): WebhookState => ({
    ...webhook,
    breakGlass: {
      find: (query) => {
        asked.push(query);
        return waiver;
      },
    },
  });

  it('lets pass models that are not denied, and is shown in every answer', () => {
    const answer = decide(reviewOf(Object(podOf(pinned('acme/stray')))), waiving(state));
    expect(answer).toMatchObject({
      allowed: true,
      record: { action: 'warn', rulings: [{ outcome: 'unlisted', waiver }] },
    });
    expect(answer.auditAnnotations.waiver).toBe(waiver.digest);
    expect(answer.warnings).toEqual([
      expect.stringMatching(/^let pass by the waiver of Ada until 2026-11-26T00:00:00Z \(outage 7\)/),
    ]);
    expect(asked).toEqual([
      { outcome: 'unlisted', namespace: 'models', reference: `hf://acme/stray@${COMMIT}`, now: NOW },
    ]);
  });

  it('never what was decided against', () => {
    asked.length = 0;
    expect(decide(reviewOf(Object(podOf(pinned('acme/bad')))), waiving(state)).allowed).toBe(false);
    expect(asked).toEqual([]);
  });

  it('is not asked where nothing is refused', () => {
    asked.length = 0;
    const webhook = waiving(gateOf(snapshot, { defaults: { mode: 'warn' } }));
    expect(decide(reviewOf(Object(podOf(pinned('acme/stray')))), webhook).record.rulings[0]?.waiver).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe('rules of the configuration', () => {
  const judged: NamespaceRule[] = [];
  const ruling = (action: 'deny' | 'warn' | 'audit'): WebhookState => ({
    ...state,
    policies: {
      judge: ({ rule }) => {
        judged.push(rule);
        return [{ id: 'no-latest', action, message: 'images have a tag\nof their own' }];
      },
    },
  });
  const pod = Object(podOf(pinned('acme/good')));

  it('are asked of everything that is looked at, and told by their ids', () => {
    const before = judged.length;
    const answer = decide(reviewOf(pod), ruling('deny'));
    expect(answer.message).toBe('images have a tag?of their own (policy no-latest)');
    expect(decide(reviewOf(pod), ruling('warn'))).toMatchObject({ allowed: true, record: { action: 'warn' } });
    expect(decide(reviewOf(pod), ruling('audit'))).toMatchObject({ allowed: true, warnings: [] });
    expect(judged).toHaveLength(before + 3);
  });

  it('do not refuse an update that changes no model', () => {
    const answer = decide(reviewOf(pod, { operation: 'UPDATE', oldObject: pod }), ruling('deny'));
    expect(answer).toMatchObject({ allowed: true, record: { action: 'warn', skipped: 'unchanged' } });
  });
});
