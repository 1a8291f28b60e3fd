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
import { ALLOWED_IMAGE, DIGEST, heldModels, IMAGE, LISTED, OTHER, pinned, vllm, withEnv } from './models.ts';
import { COMMIT, decide, gateOf, NOW, reviewOf, sha256 } from './support.ts';

let snapshot: HeldSnapshot;
let state: WebhookState;
beforeAll(async () => {
  snapshot = await heldModels();
  state = gateOf(snapshot);
});

/** The outcomes and actions for a created Pod. */
function ruled(container: object, spec: object = {}, from = state): readonly string[] {
  const { record } = decide(reviewOf(Object(podOf(container, spec))), from);
  return record.rulings.map(({ outcome, action }) => `${outcome} ${action}`);
}

describe('each reference is', () => {
  const volume = (source: object) => ({ volumes: [{ name: 'm', ...source }] });
  const mounted = { ...vllm('/models/x'), volumeMounts: [{ name: 'm', mountPath: '/models' }] };
  it.each<[string, object, object, readonly string[]]>([
    ['approved at its commit', pinned('acme/good'), {}, ['approved allow']],
    ['approved when a path within it is named', vllm(`hf://acme/good@${COMMIT}/onnx`), {}, ['approved allow']],
    ['unlisted at another commit', vllm('acme/good', '--revision', OTHER), {}, ['unlisted deny']],
    ['unlisted when it has no decision', pinned('acme/stray'), {}, ['unlisted deny']],
    ['unpinned without a revision', vllm('acme/good'), {}, ['unpinned deny']],
    ['unpinned by a branch', vllm('acme/good', '--revision', 'main'), {}, ['unpinned deny']],
    ['denied when its decision denies it', pinned('acme/bad'), {}, ['denied deny']],
    [
      'unlisted on another server',
      withEnv(pinned('acme/good'), 'HF_ENDPOINT', 'https://x.example'),
      {},
      ['unlisted deny'],
    ],
    [
      'approved on the server of its approval',
      withEnv(pinned('acme/mirrored'), 'HF_ENDPOINT', 'https://mirror.example/'),
      {},
      ['approved allow'],
    ],
    ['unlisted on the Hub when it was approved on a mirror', pinned('acme/mirrored'), {}, ['unlisted deny']],
    ['unpinned on ModelScope', withEnv(pinned('acme/good'), 'VLLM_USE_MODELSCOPE', '1'), {}, ['unpinned deny']],
    [
      'unlisted when it runs its own code without approval',
      pinned('acme/good', '--trust-remote-code'),
      {},
      ['unlisted deny'],
    ],
    ['approved when its own code is approved', pinned('acme/code', '--trust-remote-code'), {}, ['approved allow']],
    ['approved when it does not run its approved code', pinned('acme/code'), {}, ['approved allow']],
    ['unlisted with weights of another format', pinned('acme/good', '--load-format=pt'), {}, ['unlisted deny']],
    ['unlisted with an unknown format', pinned('acme/good', '--load-format', 'new'), {}, ['unlisted deny']],
    ['approved with the safe format', pinned('acme/good', '--load-format', 'safetensors'), {}, ['approved allow']],
    [
      'unpinned when its code revision is a branch',
      pinned('acme/code', '--trust-remote-code', '--code-revision', 'main'),
      {},
      ['unpinned deny'],
    ],
    [
      'unlisted when its code revision is another commit',
      pinned('acme/code', '--trust-remote-code', '--code-revision', OTHER),
      {},
      ['unlisted deny'],
    ],
    [
      'approved when its code revision is the same commit',
      pinned('acme/code', '--trust-remote-code', '--code-revision', COMMIT),
      {},
      ['approved allow'],
    ],
    [
      'unresolved when its code revision is invalid',
      pinned('acme/code', '--trust-remote-code', '--code-revision', 'a..b'),
      {},
      ['unresolved deny'],
    ],
    [
      'unverified when it is loaded from a cache',
      withEnv(pinned('acme/good'), 'HF_HUB_OFFLINE', '1'),
      {},
      ['unverified deny'],
    ],
    [
      'unlisted and unverified when it is unknown and loaded from a cache',
      withEnv(pinned('acme/stray'), 'HF_HUB_OFFLINE', '1'),
      {},
      ['unlisted deny', 'unverified deny'],
    ],
    [
      'unverified on a persistent volume claim',
      mounted,
      volume({ persistentVolumeClaim: { claimName: 'w' } }),
      ['unverified deny', 'unverified deny'],
    ],
    [
      'unverified on a host path',
      mounted,
      volume({ hostPath: { path: '/data' } }),
      ['unverified deny', 'unverified deny'],
    ],
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
    ['approved within an approved image', { image: IMAGE, args: ['--model', '/app/x'] }, {}, ['approved allow']],
    [
      'unlisted within an image that is approved only to run',
      { image: ALLOWED_IMAGE, args: ['--model', '/app/x'] },
      {},
      ['unlisted deny'],
    ],
    [
      'unpinned within an image with a tag',
      { image: 'reg.io/x:1', args: ['--model', '/app/x'] },
      {},
      ['unpinned deny'],
    ],
    [
      'unlisted within another image',
      { image: `reg.io/x@${sha256('x')}`, args: ['--model', '/app/x'] },
      {},
      ['unlisted deny'],
    ],
    ['unresolved in a shell script', { command: ['sh', '-c', 'python serve.py'] }, {}, ['unresolved deny']],
    ['unpinned when its scheme cannot be pinned', vllm('gs://bucket/model'), {}, ['unpinned deny']],
    [
      'judged one by one: an adapter beside a model',
      pinned('acme/good', '--lora-modules', 'x=acme/stray'),
      {},
      ['unpinned deny', 'approved allow'],
    ],
    [
      'judged one by one: a tokenizer beside a model',
      pinned('acme/good', '--tokenizer', 'acme/stray'),
      {},
      ['unpinned deny', 'approved allow'],
    ],
    [
      'judged one by one: a draft model beside a model',
      pinned('acme/good', '--speculative-config', `{"model":"acme/bad","revision":"${COMMIT}"}`),
      {},
      ['denied deny', 'approved allow'],
    ],
    [
      'audited, not refused, when it is a dataset',
      { args: ['--dataset-name', 'acme/data'] },
      {},
      ['unpinned audit', 'none allow'],
    ],
    [
      'refused when it is a dataset that runs its own script',
      { args: ['--dataset-name', 'acme/data', '--trust-remote-code'] },
      {},
      ['unpinned deny'],
    ],
    ['absent from a program without a model, which is allowed', { image: 'postgres:17' }, {}, ['none allow']],
  ])('%s', (_, container, spec, wanted) => {
    expect([...ruled(container, spec)].sort()).toEqual([...wanted].sort());
  });
});

describe('the stage of the namespace', () => {
  const at = (stage: string) => gateOf(snapshot, { defaults: { stage } });
  it('must be a stage of the approval', () => {
    expect(ruled(pinned('acme/staged'), {}, at('staging'))).toEqual(['approved allow']);
    const approvedImage = { image: `vllm/vllm-openai@${LISTED}` };
    expect(ruled({ ...pinned('acme/staged'), ...approvedImage }, {}, at('production'))).toEqual(['denied deny']);
    expect(ruled(pinned('acme/staged'))).toEqual(['approved allow']);
    expect(ruled({ ...pinned('acme/ended'), ...approvedImage }, {}, at('production'))).toEqual(['denied deny']);
  });

  it('appears in the suggested command', () => {
    const { message } = decide(reviewOf(Object(podOf(pinned('acme/staged')))), at('production'));
    expect(message).toContain('it is approved for staging, not for production');
    expect(message).toContain('assay approve acme/staged@1 --stage production');
  });

  it('production refuses a program without a model unless its images are allowed', () => {
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

describe('the mode', () => {
  const reached: Readonly<Record<string, WebhookAction>> = {
    enforce: 'deny',
    warn: 'warn',
    audit: 'audit',
    off: 'allow',
  };
  it.each(MODES)('%s determines the action', (mode) => {
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
  it.each(kinds)('and the configured action determine the result of the outcome %s', (outcome, container) => {
    for (const action of ['allow', 'audit', 'warn', 'deny'] as const) {
      const webhook = gateOf(snapshot, { defaults: { actions: { [outcome]: action } } });
      expect(ruled(container, {}, webhook)).toEqual([`${outcome} ${action}`]);
      const weak = gateOf(snapshot, { defaults: { mode: 'audit', actions: { [outcome]: action } } });
      expect(ruled(container, {}, weak)).toEqual([`${outcome} ${action === 'allow' ? 'allow' : 'audit'}`]);
    }
  });
});

describe('the webhook exempts', () => {
  const bad = Object(podOf(pinned('acme/bad')));
  it.each<[string, object | null, Record<string, unknown>, string]>([
    ['kube-system', bad, { namespace: 'kube-system' }, 'own-namespace'],
    ['the namespace of the webhook itself', bad, { namespace: 'assay-system' }, 'own-namespace'],
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

  it('an object that is being deleted, with a warning, but not a creation with a deletion timestamp', () => {
    const dying = { ...bad, metadata: { deletionTimestamp: '2026-11-25T00:00:00Z' } };
    const more = { operation: 'UPDATE', oldObject: dying };
    const answer = decide(reviewOf(dying, more), state);
    expect(answer).toMatchObject({ allowed: true, record: { skipped: 'being-deleted' } });
    expect(answer.warnings).toHaveLength(1);
    expect(decide(reviewOf(dying), state).allowed).toBe(false);
    expect(decide(reviewOf(dying, { operation: 'UPDATE', oldObject: null }), state).allowed).toBe(false);
  });

  it('no Pod for its owner or the name of a container', () => {
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

describe('a snapshot', () => {
  const later = new Date('2026-12-03T00:00:00Z');
  const good = () => reviewOf(Object(podOf(pinned('acme/good'))));

  it('that is expired approves nothing, unless the configured action for "expired" allows it', () => {
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

  it('that is expired does not block objects without a model, but no longer allows images', () => {
    expect(ruled({ image: 'postgres:17' })).toEqual(['none allow']);
    expect(decide(reviewOf(Object(podOf({ image: 'postgres:17' }))), state, later).allowed).toBe(true);
    const production = gateOf(snapshot, { defaults: { stage: 'production' } });
    expect(decide(reviewOf(Object(podOf({ image: ALLOWED_IMAGE }))), production, NOW).allowed).toBe(true);
    expect(decide(reviewOf(Object(podOf({ image: ALLOWED_IMAGE }))), production, later).allowed).toBe(false);
  });

  it('that is missing approves nothing, whatever the configuration', () => {
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

describe('a break-glass waiver', () => {
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

  it('allows models that are not denied, and appears in every response', () => {
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

  it('does not allow a denied model', () => {
    asked.length = 0;
    expect(decide(reviewOf(Object(podOf(pinned('acme/bad')))), waiving(state)).allowed).toBe(false);
    expect(asked).toEqual([]);
  });

  it('is not looked up where nothing is refused', () => {
    asked.length = 0;
    const webhook = waiving(gateOf(snapshot, { defaults: { mode: 'warn' } }));
    expect(decide(reviewOf(Object(podOf(pinned('acme/stray')))), webhook).record.rulings[0]?.waiver).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe('policies of the configuration', () => {
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

  it('judge every review and appear in the message with their ids', () => {
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
