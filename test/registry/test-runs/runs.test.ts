import { expect, it } from 'vitest';
import type { Registry, Version } from '../../../src/registry/index.ts';
import { digestOf } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, promote, registered } from '../harness.ts';
import { ada, sam, selma, stranger } from '../people.ts';
import { attested, LOOSER, rulesAsking, SCANNER, STRANGER, SUITE, suiteOf, TRUST } from './lab.ts';

describeOnBoth('runs of tests', (fresh) => {
  const bench = new Bench(fresh);
  const open = async (suite = SUITE as typeof SUITE | null, expression?: string) =>
    bench.open({ trust: TRUST, rules: await rulesAsking(suite, expression) });
  const model = async (registry: Registry, name = 'one'): Promise<Version> =>
    (await registered(registry, { name, files: 1 })).version;
  const staging = async (registry: Registry, { id }: Version) =>
    (await registry.decisions(sam, id)).find(({ stage }) => stage === 'staging')?.decision;

  it('fulfil what the registry asks of the model, and are told in the audit log', async () => {
    const registry = await open();
    const version = await model(registry);
    expect((await staging(registry, version))?.action).toBe('deny');
    expect(await codeOf(registry.requestTransition(sam, version.id, 'staging', ''))).toBe('denied');
    const before = await registry.versionTests(sam, version.id);
    expect(before).toMatchObject({ suite: SUITE, items: [], check: { status: 'not-assessed' } });
    expect(before.check?.detail).toContain(`the suite digits (${SUITE.digest}) is asked for`);
    const run = await registry.addTestRun(sam, version.id, await attested());
    expect(run).toMatchObject({ state: 'counts', status: 'pass', suite: SUITE, device: 'cpu', method: 'key', why: '' });
    expect((await staging(registry, version))?.action).toBe('allow');
    expect((await registry.versionTests(sam, version.id)).check).toMatchObject({ status: 'pass' });
    expect(await promote(registry, version.id, 'staging')).toMatchObject({ state: 'approved' });
    const { items } = await registry.auditLog(sam, { subject: 'acme/model@1' });
    expect(items.find(({ action }) => action === 'tests.added')?.detail).toMatchObject({
      run: run.id,
      digest: version.digest,
      suite: SUITE,
      baseline: null,
      device: 'cpu',
      status: 'pass',
      tool: '0.1.0',
      data: [{ name: 'held-out', rows: 597 }],
    });
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it('do not count by another suite of the same name, and say which is asked for', async () => {
    const registry = await open();
    const version = await model(registry);
    expect(await registry.addTestRun(sam, version.id, await attested({ suite: LOOSER }))).toMatchObject({
      state: 'other-suite',
    });
    expect((await staging(registry, version))?.action).toBe('deny');
    const { check } = await registry.versionTests(sam, version.id);
    expect(check).toMatchObject({ status: 'not-assessed' });
    expect(check?.detail).toContain(`tests by another suite do not count: digits (${LOOSER.digest})`);
    // Nor against it: whoever tries a harder suite takes nothing from service.
    await registry.addTestRun(sam, version.id, await attested());
    await registry.addTestRun(sam, version.id, await attested({ suite: suiteOf('min: 1'), status: 'fail' }));
    expect((await staging(registry, version))?.action).toBe('allow');
  });

  it('that fail deny until somebody revokes them, whatever others pass', async () => {
    const registry = await open();
    const version = await model(registry);
    const failed = await registry.addTestRun(sam, version.id, await attested({ status: 'fail' }));
    await registry.addTestRun(sam, version.id, await attested({ at: new Date('2026-12-01T07:30:00Z') }));
    expect((await staging(registry, version))?.action).toBe('deny');
    expect(await codeOf(registry.revokeTestRun(selma, failed.id, ' '))).toBe('invalid');
    expect(await codeOf(registry.revokeTestRun(stranger, failed.id, 'x'))).toBe('not-found');
    const revoked = await registry.revokeTestRun(selma, failed.id, 'wrong labels');
    expect(revoked).toMatchObject({ state: 'revoked', why: 'wrong labels' });
    expect((await staging(registry, version))?.action).toBe('allow');
    expect(await codeOf(registry.revokeTestRun(selma, failed.id, 'again'))).toBe('ended');
    const { items } = await registry.auditLog(sam, { subject: 'acme/model@1' });
    expect(items.find(({ action }) => action === 'tests.revoked')).toMatchObject({
      actor: expect.stringContaining('selma'),
      detail: { run: failed.id, reason: 'wrong labels' },
    });
  });

  it('that were revoked cannot be added again', async () => {
    const registry = await open();
    const version = await model(registry);
    const attestation = await attested();
    const { id } = await registry.addTestRun(sam, version.id, attestation);
    expect((await registry.addTestRun(sam, version.id, attestation)).id).toBe(id);
    expect((await registry.versionTests(sam, version.id)).items).toHaveLength(1);
    await registry.revokeTestRun(selma, id, 'made on the wrong data');
    // The same statement, written down in another way.
    const written = JSON.stringify(JSON.parse(attestation), null, 2);
    expect(await codeOf(registry.addTestRun(sam, version.id, written))).toBe('conflict');
    expect((await staging(registry, version))?.action).toBe('deny');
  });

  it('count by a signer who may sign tests alone', async () => {
    const registry = await open();
    const version = await model(registry);
    for (const key of [SCANNER, STRANGER])
      expect(await codeOf(registry.addTestRun(sam, version.id, await attested({}, key)))).toBe('bad-attestation');
    expect(await codeOf(registry.addTestRun(sam, version.id, '{}'))).toBe('bad-attestation');
    expect(await codeOf(registry.addTestRun(sam, version.id, ' '.repeat(1024 * 1024 + 1)))).toBe('bad-attestation');
    const bare = await bench.open({ rules: await rulesAsking(SUITE) });
    const other = await model(bare);
    expect(await codeOf(bare.addTestRun(sam, other.id, await attested()))).toBe('no-trust');
    expect((await registry.versionTests(sam, version.id)).items).toEqual([]);
  });

  it('count for the bytes that they are about alone', async () => {
    const registry = await open();
    const version = await model(registry);
    expect(await codeOf(registry.addTestRun(sam, version.id, await attested({ of: 'two' })))).toBe('bad-attestation');
    // Two models, one of which nobody tested.
    const { version: both } = await registered(registry, { name: 'both', files: 2 });
    await registry.addTestRun(sam, both.id, await attested({ of: 'both' }));
    expect((await staging(registry, both))?.action).toBe('deny');
    expect((await registry.versionTests(sam, both.id)).check?.detail).toBe('was not tested: weights-1.safetensors');
  });

  it('are of one tenant', async () => {
    const registry = await open();
    const version = await model(registry);
    await registry.addTestRun(sam, version.id, await attested());
    const { version: theirs } = await registered(registry, { files: 1 }, 'acme/model', stranger);
    expect(theirs.digest).toBe(version.digest);
    expect((await registry.decisions(stranger, theirs.id)).at(1)?.decision.action).toBe('deny');
    for (const refused of [
      registry.versionTests(stranger, version.id),
      registry.testAttestations(stranger, version.id),
      registry.addTestRun(stranger, version.id, await attested()),
    ])
      expect(await codeOf(refused)).toBe('not-found');
  });

  it('are compared with an approved version of the same model, or refused', async () => {
    const registry = await open();
    const before = await model(registry, 'one');
    const { version: foreign } = await registered(registry, { name: 'foreign', files: 1 }, 'acme/other');
    await promote(registry, foreign.id, 'staging');
    const version = await model(registry, 'two');
    const beside = async (name: string) =>
      registry.addTestRun(sam, version.id, await attested({ of: 'two', beside: name }));
    // It is not approved yet, is of another model, is unknown, or the model itself.
    for (const name of ['one', 'foreign', 'nobody', 'two']) expect(await codeOf(beside(name))).toBe('bad-attestation');
    await registry.addTestRun(sam, before.id, await attested({ of: 'one' }));
    await promote(registry, before.id, 'staging');
    expect(await beside('one')).toMatchObject({ state: 'counts', baseline: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await staging(registry, version))?.action).toBe('allow');
  });

  it('are held against the device that a policy names', async () => {
    const onGpu =
      "tests.runs.exists(r, r.suiteDigest == environment.suite && r.device == 'cuda' && r.status == 'pass')";
    const registry = await open(SUITE, onGpu);
    const version = await model(registry);
    await registry.addTestRun(sam, version.id, await attested());
    expect((await staging(registry, version))?.action).toBe('deny');
    await registry.addTestRun(sam, version.id, await attested({ device: 'cuda' }));
    expect((await staging(registry, version))?.action).toBe('allow');
  });

  it('are not taken from what an assessment says itself', async () => {
    const registry = await open();
    const { assessmentOf } = await import('../assessments.ts');
    const { reportOf } = await import('./lab.ts');
    const { schemaVersion: _, artifact: __, ...report } = reportOf();
    const tests = [{ ...report, name: 'x', signer: 'ci', at: '2026-12-01T07:00:00Z' }];
    const claimed = (status: 'pass' | 'fail') => ({
      ...assessmentOf({ files: 1 }),
      tests,
      checks: [{ id: 'tests.passed', status, detail: 'says the artifact' }],
    });
    const { version } = await registry.register(sam, { model: 'acme/model', assessment: claimed('pass') });
    expect((await staging(registry, version))?.action).toBe('deny');
    await registry.addTestRun(sam, version.id, await attested());
    expect((await staging(registry, version))?.action).toBe('allow');
    await registry.register(sam, { model: 'acme/model', assessment: claimed('fail') });
    expect((await staging(registry, version))?.action).toBe('deny');
  });

  it('have a bound for each suite', async () => {
    const registry = await open();
    const version = await model(registry);
    for (let i = 0; i < 50; i++)
      await registry.addTestRun(sam, version.id, await attested({ at: new Date(Date.UTC(2026, 10, 1, 0, i)) }));
    expect(await codeOf(registry.addTestRun(sam, version.id, await attested()))).toBe('too-large');
    await registry.addTestRun(sam, version.id, await attested({ suite: LOOSER }));
    const { items } = await registry.versionTests(ada, version.id);
    expect(items).toHaveLength(51);
    expect(items[0]?.state).toBe('other-suite');
  });

  it('of a version that is at its end change nothing', async () => {
    const registry = await open();
    const version = await model(registry);
    await registry.quarantine(selma, version.id, 'odd');
    await registry.addTestRun(sam, version.id, await attested());
    expect((await registry.currentDecisions(sam, { digest: digestOf('one') }))[0]).toMatchObject({ action: 'deny' });
  });
});
