import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import type { DataReport } from '../../../src/core/data/schema.ts';
import type { DataEnd, Principal, Registry } from '../../../src/registry/index.ts';
import { nameOf } from '../../../src/registry/names.ts';
import { labelOf } from '../../../src/registry/rows/versions.ts';
import { connectDatabase } from '../../../src/registry/store/open.ts';
import { INPUTS } from '../../integrity/attestations/samples.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, promote, registered } from '../harness.ts';
import { ada, rita, sam } from '../people.ts';

const PROFILE = '{"profileVersion":"1"}';
const DATA = { columns: { label: 'y' }, snapshot: null };
const { report } = INPUTS.data;
const passed: DataReport = {
  ...report,
  status: 'pass',
  checks: report.checks.map((check) => ({ ...check, status: 'pass' as const })),
};

function endOf(profile = PROFILE, of: DataReport = passed): DataEnd {
  const sha256 = createHash('sha256').update(profile).digest('hex');
  return { outcome: of.status, output: `out-${profile}-${of.status}`, evidence: {}, report: of, profile: sha256 };
}

describeOnBoth('profiles of approved data', (fresh) => {
  const bench = new Bench(fresh);
  let asked = 0;

  /** A job that checked data. */
  async function checked(
    registry: Registry,
    { end = endOf(), by = sam, model = 'acme/model' }: { end?: DataEnd; by?: Principal; model?: string } = {},
  ): Promise<string> {
    asked++;
    const { job } = await registry.jobs.create(by, { target: `upload:${asked}`, model, ruleset: 'r', data: DATA });
    const [claimed] = await registry.jobs.claim('worker', 60_000, 1);
    if (claimed === undefined) throw new Error('no job');
    await registry.jobs.endData(by, claimed, { ...end, output: `${end.output}-${asked}` });
    return job.id;
  }

  it('are kept with a version by somebody else than asked for the check, the newest of them counts, and the log tells it', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    expect(await registry.dataBaseline(sam, version.id)).toBeUndefined();
    const kept = await registry.keepDataBaseline(rita, {
      version: version.id,
      job: await checked(registry),
      profile: PROFILE,
    });
    const other = `${PROFILE} `;
    const job = await checked(registry, { end: endOf(other) });
    const newer = await registry.keepDataBaseline(rita, { version: version.id, job, profile: other });
    expect(newer.id).not.toBe(kept.id);
    expect(await registry.dataBaseline(sam, version.id)).toEqual({ ...newer, profile: other });
    const { items } = await registry.auditLog(sam, { subject: labelOf(version) });
    expect(
      items.filter(({ action }) => action === 'data-baseline.kept').map(({ actor, detail }) => [actor, detail]),
    ).toEqual([
      [nameOf(rita), { baseline: kept.id, job: kept.job, digest: kept.digest, statement: kept.statement }],
      [nameOf(rita), { baseline: newer.id, job, digest: newer.digest, statement: newer.statement }],
    ]);
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it('are refused from those who may not, for data that failed, of another model or tenant, and of other bytes', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const keep = (by: Principal, job: string, profile = PROFILE) =>
      codeOf(registry.keepDataBaseline(by, { version: version.id, job, profile }));
    const job = await checked(registry);
    expect(await keep(sam, job)).toBe('forbidden');
    expect(await keep(ada, await checked(registry, { by: ada }))).toBe('own-request');
    expect(await keep(rita, await checked(registry, { end: endOf(PROFILE, report) }))).toBe('conflict');
    expect(await keep(rita, await checked(registry, { model: 'acme/other' }))).toBe('conflict');
    expect(await keep(rita, job, `${PROFILE} `)).toBe('bad-attestation');
    expect(await keep(rita, 'none')).toBe('not-found');
    expect(await keep({ ...rita, tenant: 'rival' }, job)).toBe('not-found');
    await registry.quarantine(rita, version.id, 'x');
    expect(await keep(rita, job)).toBe('conflict');
    expect(await registry.dataBaseline(sam, version.id)).toBeUndefined();
  });

  it('are not kept without a key, and are signed later where another process holds it', async () => {
    const database = await bench.fresh();
    const keyless = await bench.open({ database, keyless: true });
    const { version } = await registered(keyless);
    const unsigned = await checked(keyless);
    const keep = (registry: Registry, job: string) =>
      registry.keepDataBaseline(rita, { version: version.id, job, profile: PROFILE });
    expect(await codeOf(keep(keyless, unsigned))).toBe('bad-attestation');
    const worker = await bench.open({ database, keyless: true, signsLater: true });
    const job = await checked(worker);
    const api = await bench.open({ database });
    expect(await codeOf(keep(api, job))).toBe('bad-attestation');
    expect(await api.signing.answerAll((why) => expect(why).toBeUndefined())).toBe(1);
    expect(await keep(api, job)).toMatchObject({ job });
    const { items } = await api.auditLog(sam, { subject: 'acme/model' });
    expect(items.find(({ action }) => action === 'data.attested')?.detail).toMatchObject({ job });
  });

  it('are not believed when somebody changed them in the database, or put one there', async () => {
    const database = await bench.fresh();
    const registry = await bench.open({ database });
    const { version } = await registered(registry);
    await promote(registry, version.id, 'staging');
    await registry.keepDataBaseline(rita, { version: version.id, job: await checked(registry), profile: PROFILE });
    const tampered = async (change: ReturnType<typeof sql>) => {
      const { write, close } = await connectDatabase(database).then((one) => ({
        write: one.write,
        close: () => one.close(),
      }));
      await change.execute(write);
      await close();
      return codeOf(registry.dataBaseline(sam, version.id));
    };
    const looser = `${PROFILE} `;
    const digest = `sha256:${createHash('sha256').update(looser).digest('hex')}`;
    expect(await tampered(sql`update data_baselines set profile = ${looser}`)).toBe('broken-log');
    expect(await tampered(sql`update data_baselines set digest = ${digest}`)).toBe('broken-log');
    expect(await tampered(sql`update data_baselines set profile = ${PROFILE}, id = 'another'`)).toBe('broken-log');
  });
});
