import { expect, it } from 'vitest';
import { digestOf, findingOf } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, plainRules, policyOfRule, registered } from '../harness.ts';
import { person, rita, sam, selma } from '../people.ts';

const WAIVER = {
  rule: 'verdict.suspicious',
  digest: digestOf('one'),
  reason: 'our own class',
  owner: 'ml@acme.example',
  expires: '2027-01-31',
} as const;

describeOnBoth('waivers', (fresh) => {
  const bench = new Bench(fresh);
  const sample = { verdict: 'suspicious', findings: [findingOf('pickle.global.unlisted')] } as const;

  it('waive what they name until they expire or are revoked', async () => {
    const registry = await bench.open();
    const { version } = await registered(registry, sample);
    const { version: other } = await registered(registry, { ...sample, name: 'two' });
    const current = async (digest: string) => (await registry.currentDecisions(sam, { digest }))[0];
    expect(await current(version.digest)).toMatchObject({ action: 'deny' });
    expect((await current(version.digest))?.reason).toMatch(/^verdict\.suspicious: 1 file/);
    const { id, waiver } = await registry.addWaiver(selma, WAIVER);
    expect(waiver).toEqual({ ...WAIVER, from: 'waiver by selma (https://login.example)' });
    expect(await current(version.digest)).toMatchObject({ action: 'allow', notAfter: '2027-01-31T00:00:00.000Z' });
    expect(await current(other.digest)).toMatchObject({ action: 'deny' });
    bench.clock.pass(Date.parse('2027-01-31T00:00:00Z') - bench.clock.now().getTime());
    expect(await current(version.digest)).toMatchObject({
      action: 'deny',
      reason: 'an approval or a waiver that it depends on expired at 2027-01-31T00:00:00.000Z',
    });
    bench.clock.pass(-86_400_000);
    expect(await current(version.digest)).toMatchObject({ action: 'allow' });
    expect((await registry.revokeWaiver(selma, id)).revokedAt).not.toBeNull();
    expect(await current(version.digest)).toMatchObject({ action: 'deny' });
    expect(await codeOf(registry.revokeWaiver(selma, id))).toBe('ended');
    expect((await registry.waivers(sam)).items).toMatchObject([{ id, tenant: 'acme' }]);
    const actions = (await registry.auditLog(sam)).items.map(({ action }) => action);
    expect(actions.filter((action) => /^(waiver|decision)/.test(action))).toEqual([
      'waiver.added',
      'decision.changed',
      'decision.changed',
      'decision.changed',
      'waiver.revoked',
      'decision.changed',
      'decision.changed',
      'decision.changed',
    ]);
  });

  it('are refused for what cannot be waived, and when they are invalid', async () => {
    const registry = await bench.open({ isRule: (id) => id === 'pickle.global.unlisted' });
    await registered(registry);
    const add = (changes: Partial<Record<keyof typeof WAIVER | 'file', string>>) =>
      codeOf(registry.addWaiver(selma, { ...WAIVER, ...changes } as typeof WAIVER));
    expect(await add({ rule: 'verdict.malicious' })).toBe('not-waivable');
    expect(await add({ rule: 'artifact.incomplete' })).toBe('not-waivable');
    // A missing approval is given, never waived.
    expect(await add({ rule: 'stage.approved' })).toBe('not-waivable');
    expect(await add({ rule: 'pickle.*' })).toBe('invalid');
    expect(await add({ rule: 'pickle.global.unlsted' })).toBe('invalid');
    expect(await add({ digest: digestOf('unknown') })).toBe('not-found');
    expect(await add({ expires: '2028-03-01' })).toBe('invalid');
    expect(await add({ digest: 'sha256:1' })).toBe('invalid');
    expect(await add({ file: '../x' })).toBe('invalid');
    expect(await add({ expires: '2027-02-30' })).toBe('invalid');
    expect(await add({ expires: '2020-01-01' })).toBe('invalid');
    expect(await add({ owner: '' })).toBe('invalid');
    expect(await add({ reason: 'a\0b' })).toBe('invalid');
  });

  it('never waive a malicious file', async () => {
    const registry = await bench.open();
    const findings = [findingOf('pickle.global.unlisted')];
    const { version } = await registered(registry, { verdict: 'malicious', findings });
    await registry.addWaiver(selma, { ...WAIVER, rule: 'pickle.global.unlisted' });
    expect(await registry.currentDecisions(sam, { digest: version.digest })).toMatchObject([{ action: 'deny' }]);
  });

  it('say why they are refused', async () => {
    const registry = await bench.open();
    await registered(registry);
    const why = async (changes: Partial<Record<keyof typeof WAIVER, string>>) => {
      const refused = registry.addWaiver(selma, { ...WAIVER, ...changes } as typeof WAIVER);
      return refused.then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    };
    expect(await why({ rule: 'no.such-rule' })).toBe('there is no rule no.such-rule');
    expect(await why({ digest: digestOf('unknown') })).toBe('no version has this digest');
    expect(await why({ expires: '2030-01-01' })).toBe('a waiver lasts at most 366 days');
    expect(await why({ rule: 'stage.approved' })).toBe('stage.approved cannot be waived');
  });

  it('are not given in place of a rule that asks for approvals, whatever it is called', async () => {
    const rules = await plainRules();
    const policy = policyOfRule("approvals.exists(a, a.stage == 'staging')");
    const registry = await bench.open({ rules: { ...rules, staging: { ...rules.staging, policy } } });
    await registered(registry);
    expect(await codeOf(registry.addWaiver(selma, { ...WAIVER, rule: 'the-rule' }))).toBe('not-waivable');
  });

  it('need the role that the strictest stage asks of its approvers', async () => {
    const registry = await bench.open();
    await registered(registry, sample);
    expect(await codeOf(registry.addWaiver(person('boss', 'admin', 'reviewer'), WAIVER))).toBe('forbidden');
    expect(await codeOf(registry.addWaiver(rita, WAIVER))).toBe('forbidden');
    const rules = await plainRules();
    const approvals = [{ role: 'reviewer', count: 1 }] as const;
    const lax = await bench.open({ rules: { ...rules, production: { ...rules.production, approvals } } });
    await registered(lax, sample);
    expect((await lax.addWaiver(rita, WAIVER)).createdBy).toBe('rita (https://login.example)');
  });

  it('and approvals of the same bytes are not by the same person, whichever comes first', async () => {
    const registry = await bench.open();
    const both = person('bea', 'admin', 'reviewer', 'security-approver');
    const { version } = await registered(registry, sample);
    const { id } = await registry.addWaiver(both, WAIVER);
    const { id: asked } = await registry.requestTransition(sam, version.id, 'staging', '');
    const approve = { vote: 'approve', role: 'reviewer', comment: '' } as const;
    expect(await codeOf(registry.vote(both, asked, approve))).toBe('own-request');
    // Nor by a token of that person.
    const { secret } = await registry.createToken(both, { name: 'puppet', roles: ['reviewer'] });
    const puppet = await registry.authenticate(secret);
    if (puppet === undefined) throw new Error('the token is not valid');
    expect(await codeOf(registry.vote(puppet, asked, approve))).toBe('own-request');
    // Not by another name of the bytes either.
    const { version: other } = await registered(registry, sample, 'other/name');
    const { id: second } = await registry.requestTransition(sam, other.id, 'staging', '');
    expect(await codeOf(registry.vote(both, second, approve))).toBe('own-request');
    // Who waived can still say no.
    expect((await registry.vote(both, second, { ...approve, vote: 'reject' })).state).toBe('rejected');
    expect((await registry.vote(rita, asked, approve)).state).toBe('approved');
    const rita2 = { ...rita, roles: ['reviewer', 'security-approver'] } as const;
    expect(await codeOf(registry.addWaiver(rita2, { ...WAIVER, rule: 'verdict.unknown' }))).toBe('own-request');
    await registry.revokeWaiver(both, id);
  });
});
