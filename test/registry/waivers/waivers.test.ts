import { expect, it } from 'vitest';
import { digestOf, findingOf } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, registered } from '../harness.ts';
import { sam, selma } from '../people.ts';

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
    const registry = await bench.open();
    const add = (changes: Partial<Record<keyof typeof WAIVER | 'file', string>>) =>
      codeOf(registry.addWaiver(selma, { ...WAIVER, ...changes } as typeof WAIVER));
    expect(await add({ rule: 'verdict.malicious' })).toBe('not-waivable');
    expect(await add({ rule: 'artifact.incomplete' })).toBe('not-waivable');
    expect(await add({ rule: 'pickle.*' })).toBe('invalid');
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
});
