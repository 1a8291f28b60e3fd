import { expect, it } from 'vitest';
import type { Registry } from '../../../src/registry/index.ts';
import { digestOf, NEWER_RULESET, RULESET } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, registered, standing } from '../harness.ts';
import { sam } from '../people.ts';
import { reportOf } from '../test-runs/lab.ts';

const action = async (registry: Registry) =>
  (await registry.currentDecisions(sam, { digest: digestOf('one') }))[0]?.action;
const refusing = (why: string) => {
  throw new Error(why);
};

describeOnBoth('what a worker without the approval key leaves to be signed', (fresh) => {
  const bench = new Bench(fresh);
  /** As `assay worker` opens it. */
  const worker = (database: string) => bench.open({ database, keyless: true, signsLater: true });

  it('carries approvals over once another process has signed, and they count meanwhile', async () => {
    const database = await bench.fresh();
    const service = await bench.open({ database });
    const version = await standing(service, 'staging');
    const parsing = await worker(database);
    await registered(parsing, { ruleset: NEWER_RULESET });
    expect(await service.approvals(sam, version.id)).toMatchObject([{ state: 'valid', reevaluation: null }]);
    expect(await action(service)).toBe('allow');
    // Another scan asks for nothing more.
    await registered(parsing, { ruleset: NEWER_RULESET });
    expect(await service.signing.answerAll(refusing)).toBe(1);
    const [approval] = await service.approvals(sam, version.id);
    expect(approval).toMatchObject({ state: 'carried', ruleset: RULESET });
    expect(approval?.reevaluation).toContain('dsseEnvelope');
    expect(await service.signing.answerAll(refusing)).toBe(0);
    expect(await service.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it('ends approvals where no process has a key', async () => {
    const database = await bench.fresh();
    const service = await bench.open({ database });
    const version = await standing(service, 'staging');
    await registered(await worker(database), { ruleset: NEWER_RULESET });
    const keyless = await bench.open({ database, keyless: true });
    expect(await keyless.signing.answerAll(refusing)).toBe(1);
    expect(await keyless.approvals(sam, version.id)).toMatchObject([{ state: 'void' }]);
    expect(await action(keyless)).toBe('deny');
  });

  it('never signs in the worker', async () => {
    const parsing = await worker(await bench.fresh());
    await expect(parsing.signing.answerAll(refusing)).rejects.toThrow('does not sign');
  });

  it('keeps a run of tests once it is signed, and tells why when it does not count', async () => {
    const database = await bench.fresh();
    const service = await bench.open({ database });
    const { version } = await registered(service, { files: 1 });
    const parsing = await worker(database);
    const test = { suite: 'digits', device: 'cpu', version: null, digest: null } as const;
    const ended = async (digest: string) => {
      await parsing.jobs.create(sam, { target: `upload:${digest}`, model: 'acme/model', ruleset: 'r', test });
      const [job] = await parsing.jobs.claim('worker', 60_000, 1);
      if (job === undefined) throw new Error('no job');
      await parsing.jobs.endTest(sam, job, {
        outcome: 'pass',
        output: digest,
        evidence: {},
        report: reportOf(),
        digest,
      });
      return job.job.id;
    };
    await ended(version.digest);
    const other = await ended(digestOf('other bytes'));
    expect((await service.versionTests(sam, version.id)).items).toEqual([]);
    expect(await service.signing.answerAll(refusing)).toBe(2);
    expect((await service.versionTests(sam, version.id)).items).toMatchObject([{ signer: 'the service' }]);
    const { items } = await service.auditLog(sam);
    const about = (name: string) => items.filter((entry) => entry.action === name).map(({ detail }) => detail);
    expect(about('test.ended')).toMatchObject([{ keptLater: true }, { keptLater: true }]);
    expect(about('tests.not-kept')).toEqual([{ job: other, why: 'the model has no version of these bytes' }]);
  });
});
