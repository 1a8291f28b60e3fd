import { expect, it } from 'vitest';
import { verifyAttestation } from '../../../src/integrity/attestations/verify-attestation.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import { PREDICATE_TYPES } from '../../../src/integrity/statements/statement.ts';
import { parseDigest } from '../../../src/integrity/statements/subject.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import { digestOf as digestOfBytes } from '../../../src/registry/decisions/carry-over.ts';
import {
  loadRegistryRules,
  type Principal,
  type Registry,
  type RegistryRules,
  type Seen,
} from '../../../src/registry/index.ts';
import { digestOf, findingOf, NEWER_RULESET, RULESET } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, plainRules, policyOfRule, registered, SERVICE, standing } from '../harness.ts';
import { rita, rolf, sam } from '../people.ts';

const TRUST: TrustFile = {
  path: 'trust.yaml',
  rules: [{ name: 'service', trust: { kind: 'key', key: SERVICE.publicKey }, may: new Set(['approval', 'decision']) }],
  warnings: [],
};

async function stagingRules(policy: RegistryRules['staging']['policy']): Promise<RegistryRules> {
  const rules = await plainRules();
  return { ...rules, staging: { ...rules.staging, policy } };
}

async function gateAction(registry: Registry): Promise<string | undefined> {
  return (await registry.currentDecisions(sam, { digest: digestOf('one') }))[0]?.action;
}

describeOnBoth('approvals under newer rules', (fresh) => {
  const bench = new Bench(fresh);

  it('carry over by a signed re-evaluation to a policy that finds nothing new in the version', async () => {
    const database = await bench.fresh();
    const version = await standing(await bench.open({ database }), 'staging');
    const policy = policyOfRule('files.size() > 0');
    const registry = await bench.open({ database, rules: await stagingRules(policy) });
    expect(await registry.reevaluate(sam)).toMatchObject({ versions: 1, carried: 1, voided: 0, changed: [] });
    const [approval] = await registry.approvals(sam, version.id);
    expect(approval?.state).toBe('carried');
    const bundle = readBundle(Buffer.from(approval?.reevaluation ?? ''), 'the re-evaluation');
    const subject = parseDigest(version.digest, 'the digest');
    const { statement } = await verifyAttestation(bundle, TRUST, { kind: 'decision', subject });
    expect(statement.predicate).toMatchObject({
      policy: { uri: 'urn:assay:policy:ours', digest: { sha256: policy.digest.slice(7) } },
      inputAttestations: [
        { name: 'approval', digest: { sha256: digestOfBytes(approval?.attestation ?? '').slice(7) } },
        { name: 'ruleset', digest: { sha256: RULESET.digest.slice(7) } },
      ],
      verificationResult: 'PASSED',
    });
    expect(await gateAction(registry)).toBe('allow');
    // A second run finds nothing left to do.
    expect(await registry.reevaluate(sam)).toMatchObject({ versions: 1, carried: 0, voided: 0 });
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it('are void under a policy that finds something new in the version', async () => {
    const database = await bench.fresh();
    const version = await standing(await bench.open({ database }), 'staging');
    const warns = await bench.open({ database, rules: await stagingRules(policyOfRule('files.size() > 2', 'warn')) });
    expect(await warns.reevaluate(sam)).toMatchObject({
      carried: 0,
      voided: 1,
      changed: [{ version: version.id, stage: 'staging', from: 'allow', to: 'warn' }],
    });
    expect(await warns.approvals(sam, version.id)).toMatchObject([
      { state: 'void', why: 'newer rules found a new violation', reevaluation: null },
    ]);
    expect(await gateAction(warns)).toBe('deny');
  });

  it('are void when no key can sign a re-evaluation', async () => {
    const database = await bench.fresh();
    const version = await standing(await bench.open({ database }), 'staging');
    const { openRegistry } = await import('../../../src/registry/index.ts');
    const rules = await stagingRules(policyOfRule('true'));
    const registry = await openRegistry({ database, rules, now: bench.clock.now });
    try {
      expect(await registry.reevaluate(sam)).toMatchObject({ carried: 0, voided: 1 });
      expect((await registry.approvals(sam, version.id))[0]?.why).toContain('no key to sign');
    } finally {
      await registry.close();
    }
  });

  it('carry over or become void after a scan under a newer ruleset', async () => {
    const registry = await bench.open({ rules: await stagingRules((await loadRegistryRules(null)).candidate.policy) });
    const version = await standing(registry, 'staging', { verdict: 'not-assessed' });
    await registered(registry, { verdict: 'not-assessed', ruleset: NEWER_RULESET });
    expect(await registry.approvals(sam, version.id)).toMatchObject([{ state: 'carried', ruleset: RULESET }]);
    expect(await gateAction(registry)).toBe('warn');
    const third = { version: '2026.12.2', digest: digestOf('rules') };
    await registered(registry, {
      verdict: 'suspicious',
      findings: [findingOf('pickle.global.unlisted')],
      ruleset: third,
    });
    expect(await registry.approvals(sam, version.id)).toMatchObject([{ state: 'void' }]);
    expect(await gateAction(registry)).toBe('deny');
  });

  it('list the versions that need a new scan', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const { version: newer } = await registered(registry, { name: 'two', ruleset: NEWER_RULESET });
    const { version: aside } = await registered(registry, { name: 'three' });
    await registry.quarantine(sam, aside.id, 'odd');
    expect((await registry.reevaluate(sam, { ruleset: NEWER_RULESET })).rescan).toEqual([version.id]);
    expect((await registry.reevaluate(sam, { ruleset: RULESET })).rescan).toEqual([newer.id]);
    expect((await registry.reevaluate(sam)).rescan).toEqual([]);
    const signal = AbortSignal.abort();
    await expect(registry.reevaluate(sam, { signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('hold only for the decision that the approver saw', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const { id } = await registry.requestTransition(sam, version.id, 'staging', '');
    const decisionNow = async () => {
      const found = (await registry.decisions(sam, version.id)).find(({ stage }) => stage === 'staging');
      if (found === undefined) throw new Error('there is no decision');
      const { id: decision, ruleset, decision: made } = found;
      return { decision, digest: version.digest, policyDigest: made.policyDigest, rulesetDigest: ruleset.digest };
    };
    const vote = (seen: Seen) =>
      registry.vote({ ...sam, subject: 'rita', roles: ['reviewer'] }, id, {
        vote: 'approve',
        role: 'reviewer',
        comment: '',
        seen,
      });
    const before = await decisionNow();
    for (const part of ['decision', 'digest', 'policyDigest', 'rulesetDigest'] as const) {
      expect(await codeOf(vote({ ...before, [part]: digestOf('other') }))).toBe('changed');
    }
    // A second scan of the same bytes, under the same policy and ruleset.
    await registered(registry, { findings: [findingOf('pickle.global.unlisted')] });
    const { decision, ...same } = before;
    expect(await decisionNow()).toMatchObject(same);
    expect(await codeOf(vote({ decision }))).toBe('changed');
    await registered(registry, { ruleset: NEWER_RULESET });
    expect(await codeOf(vote(same))).toBe('changed');
    expect((await registry.transition(sam, id)).votes).toEqual([]);
    expect(await registry.approvals(sam, version.id)).toEqual([]);
    expect((await vote(await decisionNow())).state).toBe('approved');
  });

  it('are requested under the current policy, not under the policy of the last decision', async () => {
    const database = await bench.fresh();
    const before = await bench.open({ database });
    const { version } = await registered(before);
    const { id } = await before.requestTransition(sam, version.id, 'staging', '');
    const registry = await bench.open({ database, rules: await stagingRules(policyOfRule('true')) });
    const vote = () =>
      registry.vote({ ...sam, subject: 'rita', roles: ['reviewer'] }, id, {
        vote: 'approve',
        role: 'reviewer',
        comment: '',
      });
    expect(await codeOf(vote())).toBe('conflict');
    await registry.reevaluate(sam);
    expect((await vote()).state).toBe('approved');
    const [approval] = await registry.approvals(sam, version.id);
    const { payload } = readBundle(Buffer.from(approval?.attestation ?? ''), 'the approval').envelope;
    const statement = readStatement(payload);
    expect(statement.predicateType).toBe(PREDICATE_TYPES.approval);
    expect(statement.predicate).toMatchObject({
      approver: { method: 'service', issuer: 'https://login.example', subject: 'rita', role: 'reviewer' },
    });
  });

  it('let the person whose approval became void vote again, and no other voter', async () => {
    const database = await bench.fresh();
    const two = async (rules: RegistryRules): Promise<RegistryRules> => {
      return { ...rules, staging: { ...rules.staging, approvals: [{ role: 'reviewer', count: 2 }] } };
    };
    const before = await bench.open({ database, rules: await two(await plainRules()) });
    const { version } = await registered(before);
    const { id } = await before.requestTransition(sam, version.id, 'staging', '');
    const vote = (registry: Registry, voter: Principal) =>
      registry.vote(voter, id, { vote: 'approve', role: 'reviewer', comment: '' });
    await vote(before, rita);
    expect(await codeOf(vote(before, rita))).toBe('already-voted');
    const warning = await stagingRules(policyOfRule('files.size() > 2', 'warn'));
    const registry = await bench.open({ database, rules: await two(warning) });
    expect(await registry.reevaluate(sam)).toMatchObject({ voided: 1 });
    expect((await vote(registry, rita)).needed).toEqual([{ role: 'reviewer', count: 1 }]);
    expect(await codeOf(vote(registry, rita))).toBe('already-voted');
    expect(await vote(registry, rolf)).toMatchObject({ state: 'approved', votes: [{}, {}] });
    expect((await registry.approvals(sam, version.id)).map(({ state }) => state)).toEqual(['void', 'valid', 'valid']);
  });

  it('count only if their method is allowed by the rules at the last vote', async () => {
    const database = await bench.fresh();
    const registry = await bench.open({ database });
    const version = await standing(registry, 'staging');
    const { id } = await registry.requestTransition(sam, version.id, 'production', '');
    await registry.vote(rolf, id, { vote: 'approve', role: 'reviewer', comment: '' });
    const rules = await plainRules();
    const methods = ['key'] as const;
    const keys = await bench.open({ database, rules: { ...rules, production: { ...rules.production, methods } } });
    expect((await keys.transition(sam, id)).needed).toMatchObject([
      { role: 'reviewer' },
      { role: 'security-approver' },
    ]);
  });
});
