import { expect, it } from 'vitest';
import type { Registry, Role, Stage } from '../../src/registry/index.ts';
import { digestOf } from './assessments.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, codeOf, HOUR, plainRules, policyOfRule, promote, registered, standing } from './harness.ts';
import { ada, person, rita, rolf, sam, selma } from './people.ts';

const APPROVE = { vote: 'approve', role: 'reviewer', comment: '' } as const;

async function action(registry: Registry, digest = digestOf('one')) {
  const [answer] = await registry.currentDecisions(sam, { digest });
  return answer;
}

describeOnBoth('stages', (fresh) => {
  const bench = new Bench(fresh);

  it('advance with the approvals that the rules require', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const asked = await registry.requestTransition(sam, version.id, 'staging', 'please');
    expect(asked).toMatchObject({ state: 'open', from: 'candidate', to: 'staging', votes: [] });
    expect(asked.needed).toEqual([{ role: 'reviewer', count: 1 }]);
    expect(await registry.vote(rita, asked.id, { ...APPROVE, comment: 'seen' })).toMatchObject({
      state: 'approved',
      needed: [],
      votes: [{ by: 'rita (https://login.example)', role: 'reviewer', vote: 'approve', comment: 'seen' }],
    });
    const next = await registry.requestTransition(sam, version.id, 'production', '');
    const half = await registry.vote(rolf, next.id, APPROVE);
    expect(half).toMatchObject({ state: 'open', needed: [{ role: 'security-approver', count: 1 }] });
    expect(await action(registry)).toMatchObject({ approvedFor: ['staging'], restsOn: ['approval'] });
    expect(await registry.vote(selma, next.id, { ...APPROVE, role: 'security-approver' })).toMatchObject({
      state: 'approved',
    });
    expect(await action(registry)).toMatchObject({
      stage: 'production',
      action: 'allow',
      approvedFor: ['staging', 'production'],
      notAfter: null,
    });
    expect(await registry.retire(ada, version.id, 'replaced')).toMatchObject({ stage: 'retired' });
    expect(await action(registry)).toMatchObject({
      action: 'deny',
      approvedFor: [],
      reason: 'it was retired: replaced',
    });
    expect((await registry.approvals(sam, version.id)).map(({ state }) => state)).toEqual(['void', 'void', 'void']);
  });

  it('cannot be skipped', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const ask = (to: Stage) => codeOf(registry.requestTransition(sam, version.id, to, ''));
    expect(await ask('production')).toBe('stage-skipped');
    expect(await ask('retired')).toBe('stage-skipped');
    expect(await ask('candidate')).toBe('stage-skipped');
    expect(await codeOf(registry.retire(ada, version.id, 'old'))).toBe('stage-skipped');
    await promote(registry, version.id, 'staging');
    expect(await ask('retired')).toBe('stage-skipped');
    expect(await ask('candidate')).toBe('stage-skipped');
    await promote(registry, version.id, 'production');
    expect(await ask('staging')).toBe('stage-skipped');
    await registry.requestTransition(sam, version.id, 'retired', 'old');
    expect(await ask('candidate')).toBe('ended');
    expect(await codeOf(registry.requestTransition(sam, 'no-such', 'staging', ''))).toBe('not-found');
  });

  it('accept one vote per person, not from the requester, in a role that the voter holds and the rules require', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const all = person('rita', 'reviewer', 'security-approver');
    const { id } = await registry.requestTransition(all, version.id, 'production', '');
    const vote = (by: typeof sam, role: 'reviewer' | 'security-approver' | 'submitter' | 'admin') =>
      codeOf(registry.vote(by, id, { vote: 'approve', role, comment: '' }));
    expect(await vote(all, 'reviewer')).toBe('own-request');
    expect(await vote(sam, 'reviewer')).toBe('forbidden');
    expect(await vote(rolf, 'security-approver')).toBe('forbidden');
    expect(await vote(sam, 'submitter')).toBe('role-not-asked');
    expect(await vote(ada, 'admin')).toBe('role-not-asked');
    await registry.vote(rolf, id, APPROVE);
    expect(await vote(rolf, 'reviewer')).toBe('already-voted');
    expect(await vote(ada, 'reviewer')).toBe('role-not-asked');
    // The same subject of another issuer is another person.
    const other = { ...person('rita', 'security-approver'), issuer: 'https://other.example' };
    expect((await registry.vote(other, id, { ...APPROVE, role: 'security-approver' })).state).toBe('approved');
    expect(await vote(selma, 'security-approver')).toBe('ended');
  });

  it('accept no vote from the creator of the token that made the request, nor from a token of the requester', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const { secret } = await registry.createToken(ada, { name: 'robot', roles: ['submitter', 'reviewer'] });
    const robot = await registry.authenticate(secret);
    if (robot === undefined) throw new Error('the token is not valid');
    const { id } = await registry.requestTransition(robot, version.id, 'production', '');
    expect(await codeOf(registry.vote(ada, id, APPROVE))).toBe('own-request');
    await registry.withdraw(robot, id);
    const again = await registry.requestTransition(ada, version.id, 'production', '');
    expect(await codeOf(registry.vote(robot, again.id, APPROVE))).toBe('own-request');
  });

  it('accept no vote from a token that a token of the requester made, at any distance', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const roles = ['admin', 'submitter', 'reviewer'] as const;
    const chain = [person('mia', ...roles)];
    for (const name of ['one', 'two', 'three', 'four']) {
      const { secret } = await registry.createToken(chain.at(-1) ?? ada, { name, roles });
      const made = await registry.authenticate(secret);
      if (made === undefined) throw new Error('the token is not valid');
      chain.push(made);
    }
    for (const requester of chain) {
      const { id } = await registry.requestTransition(requester, version.id, 'production', '');
      for (const voter of chain) expect(await codeOf(registry.vote(voter, id, APPROVE))).toBe('own-request');
      await registry.withdraw(requester, id);
    }
  });

  it('take two tokens of one administrator for one person', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const made = async (name: string, roles: readonly Role[]) => {
      const { secret } = await registry.createToken(ada, { name, roles });
      const principal = await registry.authenticate(secret);
      if (principal === undefined) throw new Error('the token is not valid');
      return principal;
    };
    const [ci, left, right] = [
      await made('ci', ['submitter']),
      await made('left', ['reviewer']),
      await made('right', ['security-approver']),
    ];
    const own = await registry.requestTransition(ci, version.id, 'production', '');
    expect(await codeOf(registry.vote(left, own.id, APPROVE))).toBe('own-request');
    await registry.withdraw(ci, own.id);
    const { id } = await registry.requestTransition(sam, version.id, 'production', '');
    await registry.vote(left, id, APPROVE);
    expect(await codeOf(registry.vote(right, id, { ...APPROVE, role: 'security-approver' }))).toBe('already-voted');
    expect(await codeOf(registry.createToken(ada, { name: 'x', roles: ['viewer'], ownedBy: 'lea' }))).toBe('invalid');
  });

  it('take tokens for the people whom they belong to, where the operator says so', async () => {
    const registry = await bench.open({ tokenIssuer: 'https://login.example' });
    const version = await standing(registry, 'staging');
    const made = async (name: string, roles: readonly Role[], owner: string) => {
      const { secret } = await registry.createToken(ada, { name, roles, ownedBy: owner });
      const principal = await registry.authenticate(secret);
      if (principal === undefined) throw new Error('the token is not valid');
      return principal;
    };
    const ci = await made('ci', ['submitter'], 'sam');
    const { id } = await registry.requestTransition(ci, version.id, 'production', '');
    // Sam in person, and another token of Sam's, are who asked.
    const again = await made('sams-other', ['reviewer'], 'sam');
    expect(await codeOf(registry.vote(again, id, APPROVE))).toBe('own-request');
    expect(await codeOf(registry.vote(person('sam', 'reviewer'), id, APPROVE))).toBe('own-request');
    await registry.vote(await made('ritas', ['reviewer'], 'rita'), id, APPROVE);
    const asRita = person('rita', 'security-approver');
    expect(await codeOf(registry.vote(asRita, id, { ...APPROVE, role: 'security-approver' }))).toBe('already-voted');
    const lea = await made('leas', ['security-approver'], 'lea');
    expect((await registry.vote(lea, id, { ...APPROVE, role: 'security-approver' })).state).toBe('approved');
  });

  it('count one vote for the creator of a token, whether the creator or the token votes first', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const both = person('bea', 'admin', 'reviewer', 'security-approver');
    const { secret } = await registry.createToken(both, { name: 'puppet', roles: ['reviewer', 'security-approver'] });
    const puppet = await registry.authenticate(secret);
    if (puppet === undefined) throw new Error('the token is not valid');
    const { id } = await registry.requestTransition(sam, version.id, 'production', '');
    const asSecurity = { ...APPROVE, role: 'security-approver' } as const;
    await registry.vote(both, id, APPROVE);
    expect(await codeOf(registry.vote(puppet, id, asSecurity))).toBe('already-voted');
    await registry.withdraw(sam, id);
    const again = await registry.requestTransition(sam, version.id, 'production', '');
    await registry.vote(puppet, again.id, APPROVE);
    expect(await codeOf(registry.vote(both, again.id, asSecurity))).toBe('already-voted');
    expect((await registry.vote(selma, again.id, asSecurity)).state).toBe('approved');
  });

  it('close a request after one rejection, a withdrawal or a quarantine', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const ask = async () => (await registry.requestTransition(sam, version.id, 'staging', '')).id;
    const first = await ask();
    expect(await codeOf(registry.requestTransition(rita, version.id, 'staging', ''))).toBe('conflict');
    expect(
      await codeOf(registry.vote(person('v', 'viewer'), first, { vote: 'reject', role: 'viewer', comment: '' })),
    ).toBe('forbidden');
    expect(
      await registry.vote(selma, first, { vote: 'reject', role: 'security-approver', comment: 'no' }),
    ).toMatchObject({
      state: 'rejected',
      votes: [{ vote: 'reject', approval: null }],
    });
    const second = await ask();
    expect(await codeOf(registry.withdraw(rita, second))).toBe('forbidden');
    expect((await registry.withdraw(sam, second)).state).toBe('withdrawn');
    const third = await ask();
    await registry.quarantine(selma, version.id, 'it phones home');
    expect((await registry.transition(sam, third)).state).toBe('void');
    expect(await codeOf(registry.vote(rita, third, APPROVE))).toBe('ended');
    expect((await registry.transitions(sam, { version: version.id })).items.map(({ state }) => state)).toEqual([
      'void',
      'withdrawn',
      'rejected',
    ]);
    expect((await registry.transitions(sam, { state: 'rejected' })).items).toHaveLength(1);
  });

  it('void the approvals of a request that was not completed', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    const { id } = await registry.requestTransition(sam, version.id, 'production', '');
    await registry.vote(rolf, id, APPROVE);
    await registry.vote(selma, id, { vote: 'reject', role: 'security-approver', comment: '' });
    const approvals = await registry.approvals(sam, version.id);
    expect(approvals.map(({ stage, state }) => [stage, state])).toEqual([
      ['staging', 'valid'],
      ['production', 'void'],
    ]);
  });

  it('release a version from quarantine only with the approvals of production, and back to the first stage', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'production');
    expect(await registry.quarantine(selma, version.id, 'odd')).toMatchObject({ stage: 'quarantined' });
    expect(await action(registry)).toMatchObject({
      action: 'deny',
      approvedFor: [],
      reason: 'it is quarantined: odd',
      restsOn: [],
    });
    expect(await codeOf(registry.quarantine(selma, version.id, 'odd'))).toBe('conflict');
    expect(await codeOf(registry.requestTransition(sam, version.id, 'production', ''))).toBe('stage-skipped');
    const { id, needed } = await registry.requestTransition(sam, version.id, 'candidate', 'false alarm');
    expect(needed).toHaveLength(2);
    await registry.vote(rolf, id, APPROVE);
    expect(await registry.vote(selma, id, { ...APPROVE, role: 'security-approver' })).toMatchObject({
      state: 'approved',
    });
    expect(await action(registry)).toMatchObject({ stage: 'candidate', action: 'allow', approvedFor: [], restsOn: [] });
  });

  it('do not change when the policy denies, whatever the approvals', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry, { verdict: 'not-assessed' });
    const before = await registry.auditHead(sam);
    expect(await codeOf(registry.requestTransition(sam, version.id, 'staging', ''))).toBe('denied');
    expect(await registry.auditHead(sam)).toBe(before);
  });

  it('wait for an approval that only the policy requires', async () => {
    const rules = await plainRules();
    const policy = policyOfRule("approvals.filter(a, a.stage == 'staging' && a.method == 'service').size() >= 2");
    const registry = await bench.open({ rules: { ...rules, staging: { ...rules.staging, policy } } });
    const { version } = await registered(registry);
    const { id } = await registry.requestTransition(sam, version.id, 'staging', '');
    expect(await registry.vote(rita, id, APPROVE)).toMatchObject({ state: 'open', needed: [] });
    expect(await registry.vote(rolf, id, APPROVE)).toMatchObject({ state: 'approved' });
    expect(await action(registry)).toMatchObject({ stage: 'staging', action: 'allow' });
  });

  it('need no approval where the rules require none', async () => {
    const rules = await plainRules();
    const registry = await bench.open({ rules: { ...rules, staging: { ...rules.staging, approvals: [] } } });
    const { version } = await registered(registry);
    expect(await registry.requestTransition(sam, version.id, 'staging', '')).toMatchObject({ state: 'approved' });
    expect(await action(registry)).toMatchObject({ stage: 'staging', approvedFor: ['staging'] });
  });

  it('are denied after an approval expires or is revoked, and allowed again by a newer one', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry);
    const until = new Date(bench.clock.now().getTime() + HOUR);
    const asked = await registry.requestTransition(sam, version.id, 'staging', '');
    await registry.vote(rita, asked.id, { ...APPROVE, until });
    expect(await action(registry)).toMatchObject({ action: 'allow', notAfter: until.toISOString() });
    bench.clock.pass(HOUR);
    expect(await action(registry)).toMatchObject({ stage: 'staging', action: 'deny', approvedFor: [] });
    await registry.reevaluate(sam);
    expect((await action(registry))?.reason).toBe(
      'its approval for staging is not valid (it has expired): 1 more by a reviewer needed',
    );
    const again = await registry.requestTransition(sam, version.id, 'staging', 'once more');
    await registry.vote(rolf, again.id, APPROVE);
    expect(await action(registry)).toMatchObject({ action: 'allow', notAfter: null, approvedFor: ['staging'] });
    const approval = (await registry.approvals(sam, version.id)).at(-1);
    expect(await registry.revoke(selma, approval?.id ?? '', 'by mistake')).toMatchObject({ state: 'revoked' });
    expect(await action(registry)).toMatchObject({
      action: 'deny',
      approvedFor: [],
      reason: 'its approval for staging is not valid (revoked: by mistake): 1 more by a reviewer needed',
    });
    expect(await codeOf(registry.revoke(selma, approval?.id ?? '', 'twice'))).toBe('ended');
    expect(await codeOf(registry.vote(rita, again.id, { ...APPROVE, until }))).toBe('ended');
  });

  it('let a newer approval replace one that still holds', async () => {
    const registry = await bench.open();
    const version = await standing(registry, 'staging');
    await promote(registry, version.id, 'staging');
    expect((await registry.approvals(sam, version.id)).map(({ state, why }) => [state, why])).toEqual([
      ['void', 'newer approvals replaced it'],
      ['valid', ''],
    ]);
  });
});
