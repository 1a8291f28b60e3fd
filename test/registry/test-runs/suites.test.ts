import { expect, it } from 'vitest';
import type { RequiredSuite } from '../../../src/core/behavior/index.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import { subjectsOf } from '../../../src/integrity/statements/subject.ts';
import type { Registry, RegistryRules, Version } from '../../../src/registry/index.ts';
import { steadyRules } from '../../../src/registry/rules/index.ts';
import { digestOf, RULESET } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, promote, registered } from '../harness.ts';
import { rita, sam } from '../people.ts';
import { attested, CI, LOOSER, rulesAsking, SUITE, TRUST } from './lab.ts';

/** Rules that a test changes while the registry is open, as a service does. */
class Rules {
  #now: RegistryRules;
  readonly live: RegistryRules;

  constructor(first: RegistryRules) {
    this.#now = first;
    const now = () => this.#now;
    this.live = {
      get candidate() {
        return now().candidate;
      },
      get staging() {
        return now().staging;
      },
      get production() {
        return now().production;
      },
      get suites() {
        return now().suites;
      },
    };
  }

  async ask(suite: RequiredSuite | null): Promise<void> {
    this.#now = await rulesAsking(suite);
  }
}

describeOnBoth('suites in the rules', (fresh) => {
  const bench = new Bench(fresh);

  async function approved(suite: RequiredSuite | null) {
    const rules = new Rules(await rulesAsking(suite));
    const registry = await bench.open({ trust: TRUST, rules: rules.live });
    const { version } = await registered(registry, { files: 1 });
    if (suite !== null) await registry.addTestRun(sam, version.id, await attested({ suite }));
    await promote(registry, version.id, 'staging');
    return { registry, rules, version };
  }
  const current = async (registry: Registry) => (await registry.currentDecisions(sam, { digest: digestOf('one') }))[0];
  const states = async (registry: Registry, { id }: Version) =>
    (await registry.approvals(sam, id)).map(({ state }) => state);
  const told = async (registry: Registry, action: string) =>
    (await registry.auditLog(sam)).items.filter((entry) => entry.action === action).map(({ detail }) => detail);

  it('bind an approval: it names the suite that its approver saw', async () => {
    const { registry, version } = await approved(SUITE);
    const [approval] = await registry.approvals(sam, version.id);
    expect(approval).toMatchObject({ suite: SUITE, state: 'valid' });
    expect((await registry.decisions(sam, version.id)).map(({ suite }) => suite)).toEqual([SUITE, SUITE, SUITE]);
    expect(await told(registry, 'suite.changed')).toMatchObject([{ from: null, to: SUITE }]);
    expect(await told(registry, 'approval.given')).toMatchObject([{ suite: SUITE }]);
    expect(await current(registry)).toMatchObject({ action: 'allow', approvedFor: ['staging'] });
  });

  it('void approvals when another takes their place, and nothing approves again by itself', async () => {
    const { registry, rules, version } = await approved(SUITE);
    await rules.ask(LOOSER);
    expect(await registry.reevaluate(sam)).toMatchObject({ voided: 1, carried: 0 });
    const [approval] = await registry.approvals(sam, version.id);
    expect(approval?.why).toBe(
      `it relied on the suite digits (${SUITE.digest}), which was asked of the model, and now it is digits (${LOOSER.digest})`,
    );
    expect(await current(registry)).toMatchObject({ action: 'deny', approvedFor: [] });
    expect(await told(registry, 'suite.changed')).toMatchObject([
      { from: null, to: SUITE },
      { from: SUITE, to: LOOSER },
    ]);
    expect(await told(registry, 'approval.void')).toMatchObject([{ approval: approval?.id, why: approval?.why }]);
    // The run is older than the suite of now, and the first suite returns: the run counts again, the approval does not.
    expect((await registry.versionTests(sam, version.id)).items).toMatchObject([{ state: 'other-suite' }]);
    await rules.ask(SUITE);
    expect(await registry.reevaluate(sam)).toMatchObject({ voided: 0, carried: 0 });
    expect((await registry.versionTests(sam, version.id)).items).toMatchObject([{ state: 'counts' }]);
    expect(await states(registry, version)).toEqual(['void']);
    expect(await current(registry)).toMatchObject({ action: 'deny', approvedFor: [] });
    expect(await promote(registry, version.id, 'staging')).toMatchObject({ state: 'approved' });
    expect(await current(registry)).toMatchObject({ action: 'allow', approvedFor: ['staging'] });
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it('void approvals when they are removed, though the policy asks for less then', async () => {
    const { registry, rules, version } = await approved(SUITE);
    await rules.ask(null);
    expect(await registry.reevaluate(sam)).toMatchObject({ voided: 1 });
    expect((await registry.decisions(sam, version.id)).at(1)?.decision.action).toBe('allow');
    const answer = await current(registry);
    expect(answer).toMatchObject({ action: 'deny', approvedFor: [] });
    expect(answer?.reason).toContain('and none is any more');
    expect(await told(registry, 'suite.changed')).toMatchObject([
      { from: null, to: SUITE },
      { from: SUITE, to: null },
    ]);
  });

  it('that are added deny until a run passes, and leave approvals that relied on none', async () => {
    const { registry, rules, version } = await approved(null);
    await rules.ask(SUITE);
    expect(await registry.reevaluate(sam)).toMatchObject({ voided: 0 });
    expect(await current(registry)).toMatchObject({ action: 'deny', approvedFor: [] });
    await registry.addTestRun(sam, version.id, await attested());
    expect(await current(registry)).toMatchObject({ action: 'allow', approvedFor: ['staging'] });
    expect(await states(registry, version)).toEqual(['valid']);
    // From then on it relies on that suite: to loosen it is to approve again.
    await rules.ask(LOOSER);
    expect(await registry.reevaluate(sam)).toMatchObject({ voided: 1 });
    expect(await states(registry, version)).toEqual(['void']);
  });

  it('under another name are the same suite', async () => {
    const { registry, rules, version } = await approved(SUITE);
    await rules.ask({ ...SUITE, name: 'renamed' });
    await registry.reevaluate(sam);
    expect(await states(registry, version)).toEqual(['valid']);
    expect(await current(registry)).toMatchObject({ action: 'allow' });
  });

  it('that change between the decision and the vote stop the vote', async () => {
    const rules = new Rules(await rulesAsking(SUITE));
    const registry = await bench.open({ trust: TRUST, rules: rules.live });
    const { version } = await registered(registry, { files: 1 });
    await registry.addTestRun(sam, version.id, await attested());
    await registry.addTestRun(sam, version.id, await attested({ suite: LOOSER }));
    const { id } = await registry.requestTransition(sam, version.id, 'staging', '');
    const vote = () => registry.vote(rita, id, { vote: 'approve', role: 'reviewer', comment: '' });
    await rules.ask(LOOSER);
    expect(await codeOf(vote())).toBe('conflict');
    await rules.ask(null);
    expect(await codeOf(vote())).toBe('conflict');
    expect(await registry.approvals(sam, version.id)).toEqual([]);
    await registry.reevaluate(sam);
    expect((await vote()).state).toBe('approved');
  });

  it('have to be in an approval that its approver signs, and no other may be', async () => {
    const trust = {
      ...TRUST,
      rules: [...TRUST.rules, { name: 'rita', trust: { kind: 'key', key: CI.publicKey }, may: new Set(['approval']) }],
    } as typeof TRUST;
    const sign = async (registry: Registry, version: Version, suite: RequiredSuite | null) => {
      const seen = (await registry.decisions(sam, version.id)).find(({ stage }) => stage === 'staging');
      if (seen === undefined) throw new Error('there is no decision');
      const statement = createStatement('approval', {
        subjects: subjectsOf({ pinned: version.ref, tree: version.digest }),
        stage: 'staging',
        at: bench.clock.now(),
        policy: { name: seen.decision.policy, digest: seen.decision.policyDigest },
        ruleset: RULESET,
        suite,
      });
      return JSON.stringify(await signStatement(statement, keySigner(CI.privateKey)));
    };
    for (const [asked, wrong] of [
      [SUITE, [null, LOOSER]],
      [null, [SUITE]],
    ] as const) {
      const registry = await bench.open({ trust, rules: await rulesAsking(asked) });
      const { version } = await registered(registry, { files: 1 });
      if (asked !== null) await registry.addTestRun(sam, version.id, await attested());
      const { id } = await registry.requestTransition(sam, version.id, 'staging', '');
      const vote = async (suite: RequiredSuite | null) => {
        const attestation = await sign(registry, version, suite);
        return registry.vote(rita, id, { vote: 'approve', role: 'reviewer', comment: '', attestation });
      };
      for (const suite of wrong) expect(await codeOf(vote(suite))).toBe('bad-attestation');
      expect((await vote(asked)).state).toBe('approved');
    }
  });

  it('are the same in all steps of a decision, whenever the rules change', async () => {
    const first = await rulesAsking(SUITE);
    const other = await rulesAsking(LOOSER);
    let reads = 0;
    // Another suite each time that somebody looks.
    const live: RegistryRules = {
      ...first,
      get suites() {
        reads++;
        return (reads % 2 === 0 ? other : first).suites;
      },
    };
    expect(steadyRules(live).suites).toBe(first.suites);
    reads = 0;
    const registry = await bench.open({ trust: TRUST, rules: live });
    const { version } = await registered(registry, { files: 1 });
    const suites = new Set((await registry.decisions(sam, version.id)).map(({ suite }) => suite?.digest));
    expect(suites.size).toBe(1);
  });
});
