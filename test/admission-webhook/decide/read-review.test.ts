import { describe, expect, it } from 'vitest';
import { type ReviewProblem, readReview } from '../../../admission-webhook/src/index.ts';
import { podOf } from '../../workload/build.ts';
import { RECORDED, recorded, reviewOf } from './support.ts';

const POD = Object(podOf({}));

const REVIEW = JSON.parse(reviewOf(POD).toString());

/** A review with changed fields; `undefined` omits one. */
function review(fields: object): Buffer {
  return Buffer.from(JSON.stringify({ ...REVIEW, ...fields }));
}

function request(fields: object): Buffer {
  return review({ request: { ...REVIEW.request, ...fields } });
}

describe('a review is parsed', () => {
  it.each(RECORDED)('%s', (name) => {
    const { request: sent } = JSON.parse(recorded(name).toString());
    const read = readReview(recorded(name));
    expect(read).toMatchObject({
      kind: 'request',
      request: {
        uid: sent.uid,
        operation: sent.operation,
        ...sent.kind,
        resource: sent.resource.resource,
        subResource: sent.subResource ?? '',
        namespace: sent.namespace ?? '',
        name: sent.name,
        user: { username: sent.userInfo.username, groups: sent.userInfo.groups },
        dryRun: sent.dryRun,
        object: sent.object,
        oldObject: sent.oldObject,
      },
    });
  });

  it('for an object with a generated name, and for a cluster-scoped object', () => {
    const read = readReview(
      request({ name: undefined, namespace: undefined, dryRun: undefined, oldObject: undefined }),
    );
    expect(read).toMatchObject({ request: { name: '', namespace: '', dryRun: false, oldObject: null } });
  });

  it('of 3 MB, nested as deeply as real objects', () => {
    const data = { ...POD, data: 'x'.repeat(3_000_000), deep: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) };
    expect(readReview(reviewOf(data)).kind).toBe('request');
  });
});

describe('a malformed review is refused:', () => {
  const uid = '705ab4f5-6393-11e8-b7cc-42010a800002';
  it.each<[string, Buffer, ReviewProblem, string]>([
    ['an empty body', Buffer.alloc(0), 'not-json', ''],
    ['invalid JSON', Buffer.from('{"kind":'), 'not-json', ''],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not-json', ''],
    ['a number', Buffer.from('1'), 'not-a-review', ''],
    ['a list', Buffer.from('[{}]'), 'not-a-review', ''],
    ['JSON nested too deeply', Buffer.from(`${'['.repeat(2_000)}${']'.repeat(2_000)}`), 'too-large', ''],
    ['too many values', Buffer.from(`[${'0,'.repeat(4_000_001)}0]`), 'too-large', ''],
    ['too many bytes', Buffer.alloc(16 * 1024 * 1024 + 1, 0x20), 'too-large', ''],
    ['another kind', review({ kind: 'TokenReview' }), 'not-a-review', uid],
    ['no kind', review({ kind: undefined }), 'not-a-review', uid],
    ['version v1beta1', review({ apiVersion: 'admission.k8s.io/v1beta1' }), 'version', uid],
    ['another group', review({ apiVersion: 'v1' }), 'version', uid],
    ['no request', Buffer.from('{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'), 'no-request', ''],
    ['a request that is a list', review({ request: [] }), 'no-request', ''],
    ['no uid', request({ uid: undefined }), 'no-uid', ''],
    ['an empty uid', request({ uid: '' }), 'no-uid', ''],
    ['a uid that is too long', request({ uid: 'x'.repeat(300) }), 'no-uid', ''],
    ['no operation', request({ operation: undefined }), 'operation', uid],
    ['another operation', request({ operation: 'create' }), 'operation', uid],
    ['no kind of the object', request({ kind: undefined }), 'kind', uid],
    ['a kind without a version', request({ kind: { kind: 'Pod' } }), 'kind', uid],
    ['no resource', request({ resource: undefined }), 'kind', uid],
    ['a namespace that is a number', request({ namespace: 1 }), 'field', uid],
    ['a name that is too long', request({ name: 'x'.repeat(600) }), 'field', uid],
    ['a subresource that is an object', request({ subResource: {} }), 'field', uid],
    ['dryRun as a string', request({ dryRun: 'false' }), 'field', uid],
    ['groups that are not strings', request({ userInfo: { groups: 'x' } }), 'field', uid],
    ['no object', request({ object: undefined }), 'no-object', uid],
    ['a null object', request({ object: null }), 'no-object', uid],
    ['a list as object', request({ object: [] }), 'no-object', uid],
    ['an object without kind', request({ object: {} }), 'object-kind', uid],
    ['an object of another kind', request({ object: { ...POD, kind: 'InferenceService' } }), 'object-kind', uid],
    ['an object of another group', request({ object: { ...POD, apiVersion: 'x/v1' } }), 'object-kind', uid],
  ])('%s', (_, body, problem, wanted) => {
    expect(readReview(body)).toMatchObject({ kind: 'malformed', problem, uid: wanted });
  });

  it('a prototype that would complete it', () => {
    const inner = reviewOf(POD).toString();
    expect(readReview(Buffer.from(`{"__proto__":${inner}}`))).toMatchObject({ problem: 'not-a-review' });
    const hidden = JSON.stringify(REVIEW.request);
    const whole = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"__proto__":${hidden}}}`;
    expect(readReview(Buffer.from(whole))).toMatchObject({ problem: 'no-uid' });
    expect(Object.hasOwn(Object.prototype, 'uid')).toBe(false);
  });
});
