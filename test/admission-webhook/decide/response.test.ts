import { beforeAll, describe, expect, it } from 'vitest';
import {
  answerMalformed,
  readReview,
  reviewResponse,
  type WebhookState,
} from '../../../admission-webhook/src/index.ts';
import { podOf } from '../../workload/build.ts';
import { COMMIT, decide, gateOf, heldSnapshot, NOW, reviewOf } from './support.ts';

let state: WebhookState;
beforeAll(async () => {
  state = gateOf(await heldSnapshot([]), {}, { serviceUrl: 'https://assay.example' });
});

const pod = (...args: readonly string[]) => Object(podOf({ image: 'vllm/vllm-openai', args }));
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** All text that leaves the webhook. */
function told(body: Buffer): { readonly texts: readonly string[]; readonly answer: ReturnType<typeof decide> } {
  const answer = decide(body, state);
  const { message, warnings, auditAnnotations, record } = answer;
  const rulings = record.rulings.flatMap(({ message: text, reference, where, container }) => [
    text,
    reference ?? '',
    where,
    container ?? '',
  ]);
  const texts = [
    message,
    ...warnings,
    ...Object.entries(auditAnnotations).flat(),
    ...rulings,
    record.name,
    record.user,
  ];
  return { texts, answer };
}

describe('the response', () => {
  it('is an AdmissionReview with the uid of the request', () => {
    const answer = decide(reviewOf(pod('--model', 'acme/stray', '--revision', COMMIT)), state);
    expect(reviewResponse(answer, 'u-1')).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u-1',
        allowed: false,
        status: { status: 'Failure', code: 403, reason: 'Forbidden', message: answer.message },
        auditAnnotations: answer.auditAnnotations,
      },
    });
    expect(answer.message).toBe(
      `hf://acme/stray@${COMMIT} is not approved: the snapshot does not list it. Scan and approve it: assay approve hf://acme/stray@${COMMIT} --stage staging. See https://assay.example.`,
    );
  });

  it('contains a patch only when the object is allowed', () => {
    const patch = [{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }] as const;
    const yes = decide(reviewOf({ apiVersion: 'v1', kind: 'ConfigMap' }), state);
    const { response } = reviewResponse(yes, 'u', patch);
    expect(response.patchType).toBe('JSONPatch');
    expect(JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString())).toEqual(patch);
    expect(reviewResponse(yes, 'u').response).not.toHaveProperty('patch');
    expect(reviewResponse(decide(reviewOf(pod('--model', 'a/b')), state), 'u', patch).response).not.toHaveProperty(
      'patch',
    );
  });

  it('to an unreadable review is a refusal where the webhook enforces', () => {
    const read = readReview(Buffer.from('{"kind":"AdmissionReview"}'));
    if (read.kind !== 'malformed') throw new Error('it was read');
    expect(answerMalformed(read, state, NOW)).toMatchObject({
      allowed: false,
      code: 400,
      message: expect.stringContaining('(version)'),
      auditAnnotations: { decision: 'deny', skipped: 'malformed', problem: 'version' },
      record: { skipped: 'malformed', action: 'deny' },
    });
    const audit = { ...state, namespaces: gateOf(state.snapshot, { defaults: { mode: 'audit' } }).namespaces };
    expect(answerMalformed(read, audit, NOW)).toMatchObject({ allowed: true, record: { action: 'audit' } });
  });
});

describe('texts from an object', () => {
  const hostile = 'x\u001b[31m\r\nFAKE\u202e\u2028\ud800';

  it('are escaped for terminals, logs and headers', () => {
    const object = {
      ...pod('--model', `s3://bucket/${hostile}`),
      metadata: { generateName: hostile },
      spec: {
        containers: [
          { name: hostile, image: 'vllm', args: ['--config', hostile, '--model', `https://x.example/${hostile}`] },
          { name: 'b', image: `reg.io/${hostile}`, env: [{ name: 'MODEL_ID', value: `gs://${hostile}` }] },
          { name: 'c', envFrom: [{ secretRef: { name: hostile } }] },
        ],
      },
    };
    const more = { name: '', userInfo: { username: hostile, groups: [] } };
    const { texts, answer } = told(reviewOf(object, more));
    expect(answer.allowed).toBe(false);
    expect(answer.record.rulings.length).toBeGreaterThan(2);
    for (const text of texts) expect(text).not.toMatch(CONTROLS);
  });

  it('are bounded in number and length', () => {
    const many = Array.from({ length: 300 }, (_, at) => ({
      name: `c${at}`,
      image: 'vllm',
      args: ['--model', `https://host.example/${at}/${'a'.repeat(3_000)}`],
    }));
    const object = { ...pod(), spec: { containers: many } };
    const warned = gateOf(state.snapshot, { defaults: { mode: 'warn' } });
    for (const webhook of [state, warned]) {
      const { message, warnings, auditAnnotations, record } = decide(reviewOf(object), webhook);
      expect(message.length).toBeLessThanOrEqual(1_500);
      for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(256);
      expect(warnings.join('').length).toBeLessThanOrEqual(4_096);
      for (const value of Object.values(auditAnnotations)) expect(value.length).toBeLessThanOrEqual(1_024);
      expect(record.rulings.length).toBeLessThanOrEqual(100);
      expect(webhook === state ? message : warnings.at(-1)).toMatch(/and \d+ more$/);
    }
  });

  it('do not show the secrets in a URL', () => {
    const signed = 'https://store.example/m.gguf?X-Amz-Signature=SECRET&X-Amz-Credential=AKIA';
    const { texts } = told(reviewOf(pod('--model', signed)));
    expect(texts.join('\n')).toContain('https://store.example/m.gguf?…');
    expect(texts.join('\n')).not.toContain('SECRET');
  });

  it('are quoted in suggested commands', () => {
    const { answer } = told(reviewOf(pod('--model', 's3://bucket/a;id #')));
    expect(answer.message).toContain("assay scan 's3://bucket/a;id #'");
    const quoted = told(reviewOf(pod('--model', "s3://bucket/a'`id`")));
    expect(quoted.answer.message).toContain(`assay scan 's3://bucket/a'\\''\`id\`'`);
  });
});
