import { expect, it } from 'vitest';
import { combinedDecision, type Registry } from '../../src/registry/index.ts';
import { digestOf } from './assessments.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, codeOf, plainRules, policyOfRule, promote, registered, standing } from './harness.ts';
import { ada, rita, rolf, sam, selma, stranger } from './people.ts';

const APPROVE = { vote: 'approve', role: 'reviewer', comment: '' } as const;
const digest = digestOf('one');

/** The same bytes by two names, both in production. */
async function twoNames(registry: Registry) {
  const first = await standing(registry, 'production');
  const { version: second } = await registered(registry, {}, 'other/name');
  await promote(registry, second.id, 'staging');
  await promote(registry, second.id, 'production');
  return { first, second };
}

async function ofBytes(registry: Registry) {
  return combinedDecision(await registry.currentDecisions(sam, { digest }));
}

describeOnBoth('the same bytes by another name', (fresh) => {
  const bench = new Bench(fresh);

  it('are denied by every name while one of them is quarantined, and allowed again after its release', async () => {
    const registry = await bench.open();
    const { first, second } = await twoNames(registry);
    expect(await ofBytes(registry)).toMatchObject({ action: 'allow', approvedFor: ['staging', 'production'] });
    await registry.quarantine(selma, first.id, 'it phones home');
    for (const answer of await registry.currentDecisions(sam, { digest })) {
      expect(answer).toMatchObject({ action: 'deny', approvedFor: [], restsOn: [] });
    }
    const [, other] = await registry.currentDecisions(sam, { digest });
    expect(other?.reason).toBe('the same bytes are quarantined as acme/model@1: it phones home');
    expect(await ofBytes(registry)).toMatchObject({ action: 'deny', approvedFor: [] });
    expect(await registry.version(sam, { id: second.id })).toMatchObject({
      stage: 'production',
      barred: 'the same bytes are quarantined as acme/model@1: it phones home',
    });
    const { id } = await registry.requestTransition(sam, first.id, 'candidate', 'false alarm');
    await registry.vote(rolf, id, APPROVE);
    await registry.vote(selma, id, { ...APPROVE, role: 'security-approver' });
    expect(await ofBytes(registry)).toMatchObject({ action: 'allow', approvedFor: ['staging', 'production'] });
    expect((await registry.version(sam, { id: second.id })).barred).toBeNull();
  });

  it('cannot be requested, approved or named by an alias while one name is quarantined', async () => {
    const registry = await bench.open();
    const { version: first } = await registered(registry);
    const { version: second } = await registered(registry, {}, 'other/name');
    const open = await registry.requestTransition(sam, second.id, 'staging', '');
    await registry.quarantine(selma, first.id, 'odd');
    expect(await codeOf(registry.vote(rita, open.id, APPROVE))).toBe('denied');
    expect((await registry.version(sam, { id: second.id })).stage).toBe('candidate');
    await registry.withdraw(sam, open.id);
    expect(await codeOf(registry.requestTransition(sam, second.id, 'staging', ''))).toBe('denied');
    expect(await codeOf(registry.setAlias(ada, 'other/name', 'live', 1))).toBe('denied');
    expect(await codeOf(registry.setAlias(ada, 'acme/model', 'live', 1))).toBe('denied');
    // A third name that comes later has the same fate.
    const { version: third } = await registered(registry, {}, 'third/name');
    expect(await codeOf(registry.requestTransition(sam, third.id, 'staging', ''))).toBe('denied');
    const answers = await registry.currentDecisions(sam, { digest });
    expect(answers.map(({ action }) => action)).toEqual(['deny', 'deny', 'deny']);
  });

  it('are barred while an approval of one name is revoked, until that name is approved again', async () => {
    const registry = await bench.open();
    const { first, second } = await twoNames(registry);
    const approval = (await registry.approvals(sam, first.id)).findLast(({ state }) => state === 'valid');
    await registry.revoke(selma, approval?.id ?? '', 'signed by mistake');
    const [, other] = await registry.currentDecisions(sam, { digest });
    expect(other).toMatchObject({
      action: 'deny',
      approvedFor: [],
      reason: 'the same bytes had their approval revoked as acme/model@1: signed by mistake',
    });
    expect(await codeOf(registry.requestTransition(sam, second.id, 'production', ''))).toBe('denied');
    // The name that lost its approval is the way back.
    await promote(registry, first.id, 'production');
    expect(await ofBytes(registry)).toMatchObject({ action: 'allow', approvedFor: ['staging', 'production'] });
  });

  it('are not barred by a vote that was taken back before it moved anything', async () => {
    const registry = await bench.open();
    const { version: first } = await registered(registry);
    await promote(registry, first.id, 'staging');
    const { version: second } = await registered(registry, {}, 'other/name');
    const { id } = await registry.requestTransition(sam, first.id, 'production', '');
    await registry.vote(rolf, id, APPROVE);
    const given = (await registry.approvals(sam, first.id)).at(-1);
    await registry.revoke(rolf, given?.id ?? '', 'too early');
    expect((await registry.requestTransition(sam, second.id, 'staging', '')).state).toBe('open');
  });

  it('stay barred when the name that lost its approval is retired', async () => {
    const registry = await bench.open();
    const { first } = await twoNames(registry);
    const approval = (await registry.approvals(sam, first.id)).findLast(({ state }) => state === 'valid');
    await registry.revoke(selma, approval?.id ?? '', 'it leaks');
    await registry.retire(ada, first.id, 'replaced');
    expect(await ofBytes(registry)).toMatchObject({ action: 'deny', approvedFor: [] });
  });

  it('run on when a name is retired that nobody revoked', async () => {
    const registry = await bench.open();
    const { first } = await twoNames(registry);
    await registry.retire(ada, first.id, 'replaced');
    expect(await ofBytes(registry)).toMatchObject({ model: 'other/name', action: 'allow' });
  });

  it("are another tenant's own affair", async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const theirs = await registered(registry, {}, 'acme/model', stranger);
    await registry.quarantine(selma, version.id, 'odd');
    const [answer] = await registry.currentDecisions(stranger, { digest });
    expect(answer).toMatchObject({ number: theirs.version.number, action: 'allow' });
  });

  it('can be released when the policy or the suite has changed since they were quarantined', async () => {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    const version = await standing(registry, 'production');
    await registry.quarantine(selma, version.id, 'odd');
    const rules = await plainRules();
    const policy = policyOfRule('true', 'deny', 'newer');
    const suites = new Map([['acme/model', { name: 'digits', digest: digestOf('suite') }]]);
    const changed = await bench.open({
      database: address,
      rules: { ...rules, suites, candidate: { ...rules.candidate, policy } },
    });
    const early = await changed.requestTransition(sam, version.id, 'candidate', 'false alarm');
    expect(await codeOf(changed.vote(rolf, early.id, APPROVE))).toBe('conflict');
    expect(await changed.reevaluate(sam)).toMatchObject({ versions: 1, rescan: [] });
    await changed.vote(rolf, early.id, APPROVE);
    expect(await changed.vote(selma, early.id, { ...APPROVE, role: 'security-approver' })).toMatchObject({
      state: 'approved',
    });
    expect((await changed.version(sam, { id: version.id })).stage).toBe('candidate');
  });
});
