import { beforeAll, describe, expect, it } from 'vitest';
import { onEveryGround } from './backends.ts';
import type { Answer, Client } from './harness.ts';
import { fixture, register } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');
const reader = { tenant: 'acme', subject: 'test', issuer: null, roles: ['viewer'], via: 'local' } as const;
const evil = fixture('pickle-probes/bare-as-bin/model.bin', 'model.bin');

onEveryGround('transitions', (service) => {
  let submitter: Client;
  let rita: Client;
  let ron: Client;
  let sec: Client;
  let viewer: Client;
  let gate: Client;
  let files = 0;

  beforeAll(async () => {
    submitter = await service().as('sam', ['submitter', 'reviewer']);
    rita = await service().as('rita', ['reviewer']);
    ron = await service().as('ron', ['reviewer']);
    sec = await service().as('sec', ['security-approver']);
    viewer = await service().as('vera', ['viewer']);
    gate = await service().as('gate', ['gate']);
  });

  async function candidate() {
    files++;
    return register(submitter, 'acme/model', [{ ...clean, path: `model-${files}.safetensors` }]);
  }

  function ask(version: string, to: string): Promise<Answer> {
    return submitter.call('POST', `/v1/versions/${version}/transition-requests`, { to, comment: 'for the release' });
  }

  const approve = (client: Client, id: string, body: object = {}) =>
    client.call('POST', `/v1/transitions/${id}/approve`, { comment: 'looks right', ...body });

  async function staged() {
    const version = await candidate();
    const { body } = await ask(version.id, 'staging');
    expect((await approve(rita, body.id)).body.state).toBe('approved');
    return version;
  }

  it('move a version when another person approves', async () => {
    const version = await candidate();
    const asked = await ask(version.id, 'staging');
    expect(asked.status).toBe(201);
    expect(asked.headers.get('location')).toBe(`/v1/transitions/${asked.body.id}`);
    expect(asked.body).toMatchObject({ from: 'candidate', to: 'staging', state: 'open', requestedBy: 'sam' });
    expect(asked.body.needed).toEqual([{ role: 'reviewer', count: 1 }]);

    expect((await approve(submitter, asked.body.id)).body.code).toBe('own-request');
    expect((await approve(viewer, asked.body.id)).body.code).toBe('missing-role');
    expect((await approve(sec, asked.body.id)).body.code).toBe('role-not-asked');
    expect((await approve(rita, asked.body.id, { role: 'security-approver' })).body.code).toBe('forbidden');

    const done = await approve(rita, asked.body.id, { until: '2099-01-01T00:00:00Z' });
    expect(done.body).toMatchObject({ state: 'approved', needed: [], votes: [{ by: 'rita', vote: 'approve' }] });
    expect((await viewer.call('GET', `/v1/versions/${version.id}`)).body.stage).toBe('staging');
    const { body } = await gate.call('GET', `/v1/decisions?digest=${version.digest}`);
    expect(body.items[0]).toMatchObject({ stage: 'staging', approvedFor: ['staging'] });
    expect(body.items[0].notAfter).toBe('2099-01-01T00:00:00.000Z');

    const approvals = await viewer.call('GET', `/v1/versions/${version.id}/approvals`);
    expect(approvals.body.items).toMatchObject([
      { stage: 'staging', method: 'service', state: 'valid', role: 'reviewer' },
    ]);
    expect(JSON.parse(approvals.body.items[0].attestation)).toHaveProperty('dsseEnvelope');
  });

  it('approve only what the approver saw', async () => {
    const version = await candidate();
    const { body } = await ask(version.id, 'staging');
    const decisions = await viewer.call('GET', `/v1/versions/${version.id}/decisions`);
    const one = decisions.body.items.find(({ stage }: { stage: string }) => stage === 'staging');
    const seen = {
      decision: one.id,
      policyDigest: one.decision.policyDigest,
      rulesetDigest: one.ruleset.digest,
    };
    const other = `sha256:${'f'.repeat(64)}`;
    for (const changed of [{ decision: 'other' }, { policyDigest: other }, { rulesetDigest: other }]) {
      const refused = await approve(rita, body.id, { ...seen, ...changed });
      expect([refused.status, refused.body.code]).toEqual([409, 'changed']);
      expect(refused.body.detail).toContain('read it again');
      expect((await approve(rita, body.id, changed)).body.code).toBe('changed');
    }
    expect((await approve(rita, body.id, { ...seen, policyDigest: 'x' })).body.code).toBe('invalid-request');
    expect((await viewer.call('GET', `/v1/transitions/${body.id}`)).body).toMatchObject({ state: 'open', votes: [] });
    expect((await approve(rita, body.id, seen)).body.state).toBe('approved');
  });

  it('count one of two concurrent final approvals', async () => {
    const version = await candidate();
    const { body } = await ask(version.id, 'staging');
    const answers = await Promise.all([approve(rita, body.id), approve(ron, body.id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('ended');
    const { body: approvals } = await viewer.call('GET', `/v1/versions/${version.id}/approvals`);
    expect(approvals.items).toHaveLength(1);
  });

  it('need every role and count nobody twice', async () => {
    const version = await staged();
    const { body } = await ask(version.id, 'production');
    const half = await approve(rita, body.id);
    expect(half.body).toMatchObject({ state: 'open', needed: [{ role: 'security-approver', count: 1 }] });
    expect((await approve(rita, body.id)).body.code).toBe('already-voted');
    expect((await approve(ron, body.id)).body.code).toBe('role-not-asked');
    expect((await approve(sec, body.id)).body.state).toBe('approved');
    expect((await viewer.call('GET', `/v1/versions/${version.id}`)).body.stage).toBe('production');
    const retired = await rita.call('POST', `/v1/versions/${version.id}/retire`, { reason: 'superseded' });
    expect(retired.body.stage).toBe('retired');
  });

  it('refuse a skipped stage and write nothing', async () => {
    const version = await candidate();
    const head = await service().registry.auditHead(reader);
    const skipped = await ask(version.id, 'production');
    expect([skipped.status, skipped.body.code]).toEqual([409, 'stage-skipped']);
    expect((await ask(version.id, 'candidate')).status).toBe(409);
    expect((await ask(version.id, 'nowhere')).body.code).toBe('invalid-request');
    const { body } = await viewer.call('GET', `/v1/transitions?version=${version.id}`);
    expect(body.items).toEqual([]);
    expect(await service().registry.auditHead(reader)).toBe(head);
  });

  it('refuse a version that the policy of the stage denies', async () => {
    const version = await register(submitter, 'acme/evil', [evil]);
    const denied = await ask(version.id, 'staging');
    expect([denied.status, denied.body.code]).toEqual([409, 'denied']);
  });

  it('close a request after one rejection or a withdrawal', async () => {
    const version = await candidate();
    const first = await ask(version.id, 'staging');
    expect((await ask(version.id, 'staging')).body.code).toBe('conflict');
    const rejected = await rita.call('POST', `/v1/transitions/${first.body.id}/reject`, { comment: 'no licence' });
    expect(rejected.body).toMatchObject({ state: 'rejected', votes: [{ vote: 'reject', comment: 'no licence' }] });
    expect((await approve(ron, first.body.id)).body.code).toBe('ended');

    const second = await ask(version.id, 'staging');
    expect((await rita.call('POST', `/v1/transitions/${second.body.id}/withdraw`)).status).toBe(403);
    expect((await submitter.call('POST', `/v1/transitions/${second.body.id}/withdraw`)).body.state).toBe('withdrawn');
    const open = await viewer.call('GET', `/v1/transitions?version=${version.id}&state=open`);
    expect(open.body.items).toEqual([]);
    const all = await viewer.call('GET', `/v1/transitions?version=${version.id}&limit=1`);
    expect(all.body.items).toHaveLength(1);
    expect(all.body.next).not.toBeNull();
  });

  it('change the decision when an approval is revoked', async () => {
    const version = await staged();
    const { body } = await viewer.call('GET', `/v1/versions/${version.id}/approvals`);
    const id = body.items[0].id;
    expect((await viewer.call('POST', `/v1/approvals/${id}/revoke`, { reason: 'x' })).body.code).toBe('missing-role');
    const revoked = await rita.call('POST', `/v1/approvals/${id}/revoke`, { reason: 'a mistake' });
    expect(revoked.body).toMatchObject({ state: 'revoked' });
    const { body: answer } = await gate.call('GET', `/v1/decisions?digest=${version.digest}`);
    expect(answer.items[0].approvedFor).toEqual([]);
    expect((await rita.call('POST', `/v1/approvals/${id}/revoke`, { reason: 'again' })).status).toBe(409);
  });

  it('quarantine a version in any stage, and retire only what was in production', async () => {
    const version = await staged();
    const { body } = await rita.call('POST', `/v1/versions/${version.id}/quarantine`, { reason: 'a report' });
    expect(body.stage).toBe('quarantined');
    const { body: answer } = await gate.call('GET', `/v1/decisions?digest=${version.digest}`);
    expect(answer.items[0]).toMatchObject({ action: 'deny', approvedFor: [] });
    const other = await candidate();
    const early = await rita.call('POST', `/v1/versions/${other.id}/retire`, { reason: 'superseded' });
    expect([early.status, early.body.code]).toEqual([409, 'stage-skipped']);
  });

  describe('refuse', () => {
    it('an attestation that does not verify', async () => {
      const version = await candidate();
      const { body } = await ask(version.id, 'staging');
      for (const attestation of ['', '{}', 'not json', '{"mediaType":"x"}']) {
        const { status, body: told } = await approve(rita, body.id, { attestation });
        expect([400, 409, 422]).toContain(status);
        expect(['bad-attestation', 'no-trust', 'invalid-request', 'invalid']).toContain(told.code);
      }
      expect((await viewer.call('GET', `/v1/transitions/${body.id}`)).body).toMatchObject({ state: 'open', votes: [] });
    });

    it('a vote that is invalid', async () => {
      const version = await candidate();
      const { body } = await ask(version.id, 'staging');
      for (const vote of [
        { comment: '' },
        { comment: 7 },
        { comment: 'x', until: 'soon' },
        { comment: 'x', as: 'me' },
        {},
      ])
        expect((await rita.call('POST', `/v1/transitions/${body.id}/approve`, vote)).body.code).toBe('invalid-request');
      expect((await approve(rita, body.id, { until: '2001-01-01T00:00:00Z' })).body.code).toBe('invalid');
      expect((await approve(rita, 'nothing')).status).toBe(404);
    });
  });

  it('leave a valid hash chain', async () => {
    for (let count = 0; count < 4; count++) await staged();
    const { body } = await rita.call('GET', '/v1/audit/verify');
    expect(body.kind).toBe('intact');
    expect(body.entries).toBeGreaterThan(20);
  });
});
