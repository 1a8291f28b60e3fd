import { expect } from 'vitest';
import type { AuditEntry, Job, Principal, Registry } from '../../src/registry/index.ts';
import { until } from '../support/until.ts';

export const RULES = 'version: 1\nstages:\n  staging: {policy: research, approvals: [{role: reviewer, count: 1}]}\n';
export const operator: Principal = { tenant: 'default', subject: 'op', issuer: null, roles: ['admin'], via: 'local' };

/** Every job ended once, with one version; no approval is lost or doubled; the audit log is intact. */
export async function judge(registry: Registry, jobs: readonly Job[], moved: readonly Job[]): Promise<void> {
  expect(await registry.jobs.counts()).toEqual({ queued: 0, running: 0, done: jobs.length, failed: 0, cancelled: 0 });
  expect(await registry.verifyAuditLog(operator)).toMatchObject({ kind: 'intact' });
  const audit = await auditOf(registry);
  const versions = new Set<string>();
  for (const { id } of jobs) {
    const of = (action: string) => audit.filter((entry) => entry.action === action && entry.detail.job === id).length;
    expect([of('job.created'), of('version.registered'), of('version.assessed')], id).toEqual([1, 1, 0]);
    const { version } = await registry.jobs.get(operator, id);
    versions.add(version ?? '');
    expect(await registry.assessments(operator, version ?? '')).toHaveLength(1);
  }
  expect(versions.size).toBe(jobs.length);
  for (const { id } of moved) {
    const { version: name } = await registry.jobs.get(operator, id);
    const version = await registry.version(operator, { id: name ?? '' });
    expect(version.stage).toBe('staging');
    const { items } = await registry.transitions(operator, { version: version.id });
    expect(items).toMatchObject([{ state: 'approved', votes: [{ vote: 'approve' }] }]);
    expect(await registry.approvals(operator, version.id)).toMatchObject([{ state: 'valid' }]);
    const label = `${version.model}@${version.number}`;
    const said = audit.filter(({ subject, action }) => subject === label && /^(transition|approval)/.test(action));
    const expected = ['transition.requested', 'approval.given', 'transition.approved'];
    expect(said.map(({ action }) => action).toSorted()).toEqual(expected.toSorted());
  }
}

/** Each batch ends once, after its last job, and states how its jobs ended. */
export async function judgeBatches(registry: Registry, batches: readonly string[], size: number): Promise<void> {
  for (const id of batches) {
    await until('the batch ends', async () => (await registry.batches.get(operator, id)).state === 'ended');
    const batch = await registry.batches.get(operator, id);
    expect(batch).toMatchObject({
      state: 'ended',
      jobs: { queued: 0, running: 0, done: size, failed: 0, cancelled: 0 },
    });
  }
  const ends = (await auditOf(registry)).filter(({ action }) => action === 'batch.ended');
  expect(ends.map(({ subject }) => subject).sort()).toEqual([...batches].sort());
  for (const { detail } of ends) expect(detail).toEqual({ jobs: size, done: size, failed: 0, cancelled: 0 });
}

async function auditOf(registry: Registry): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  let after: string | undefined;
  do {
    const page = await registry.auditLog(operator, { limit: 200, ...(after === undefined ? {} : { after }) });
    all.push(...page.items);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return all;
}
