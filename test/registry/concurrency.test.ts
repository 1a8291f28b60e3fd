import { expect, it } from 'vitest';
import type { Registry } from '../../src/registry/index.ts';
import { digestOf } from './assessments.ts';
import { describeOnBoth, describeOnOwnPostgres } from './databases.ts';
import { Bench, codeOf, registered, standing } from './harness.ts';
import { person, sam } from './people.ts';

const MINUTE = 60_000;

/** The result of concurrent calls: the sorted codes of the refused ones. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<string[]> {
  return (await Promise.all(calls.map(codeOf))).sort();
}

describeOnBoth('two programs over one database', (fresh) => {
  const bench = new Bench(fresh);

  async function pair(): Promise<[Registry, Registry]> {
    const database = await bench.fresh();
    return [await bench.open({ database }), await bench.open({ database })];
  }

  it('never fork the audit log', async () => {
    const [one, two] = await pair();
    await registered(one);
    const changes = Array.from({ length: 60 }, (_, i) =>
      (i % 2 === 0 ? one : two).setAlias(sam, 'acme/model', `alias-${i}`, 1),
    );
    await Promise.all(changes);
    expect(await two.verifyAuditLog(sam)).toMatchObject({ kind: 'intact', entries: 61 });
  });

  it('count two concurrent approvals and move the version once', async () => {
    for (let round = 0; round < 5; round++) {
      const [one, two] = await pair();
      const version = await standing(one, 'staging');
      const { id } = await one.requestTransition(sam, version.id, 'production', '');
      const vote = (registry: Registry, name: string, role: 'reviewer' | 'security-approver') =>
        registry.vote(person(name, role), id, { vote: 'approve', role, comment: '' });
      expect(await outcomes([vote(one, 'a', 'reviewer'), vote(two, 'b', 'security-approver')])).toEqual([
        'nothing was refused',
        'nothing was refused',
      ]);
      expect(await two.transition(sam, id)).toMatchObject({ state: 'approved', needed: [] });
      expect(await one.currentDecisions(sam, { digest: version.digest })).toMatchObject([
        { stage: 'production', action: 'allow', approvedFor: ['staging', 'production'] },
      ]);
      const { items } = await one.auditLog(sam, { limit: 200 });
      const moves = items.filter(({ action, detail }) => action === 'version.moved' && detail.to === 'production');
      expect(moves).toHaveLength(1);
      expect(await one.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
    }
  });

  it('count one of two concurrent votes by the same person, and one of an approval and a rejection', async () => {
    const [one, two] = await pair();
    const version = await standing(one, 'staging');
    const ask = async () => (await one.requestTransition(sam, version.id, 'production', '')).id;
    const first = await ask();
    const same = (registry: Registry) =>
      registry.vote(person('a', 'reviewer'), first, { vote: 'approve', role: 'reviewer', comment: '' });
    expect(await outcomes([same(one), same(two)])).toEqual(['already-voted', 'nothing was refused']);
    const approve = one.vote(person('b', 'security-approver'), first, {
      vote: 'approve',
      role: 'security-approver',
      comment: '',
    });
    const reject = two.vote(person('c', 'reviewer'), first, { vote: 'reject', role: 'reviewer', comment: '' });
    expect(await outcomes([approve, reject])).toEqual(['ended', 'nothing was refused']);
    const { state } = await one.transition(sam, first);
    const { stage } = await one.version(sam, { id: version.id });
    expect([state, stage]).toEqual(state === 'approved' ? ['approved', 'production'] : ['rejected', 'staging']);
  });

  it('open one transition and register the same bytes once', async () => {
    const [one, two] = await pair();
    const both = await Promise.all([registered(one), registered(two), registered(one), registered(two)]);
    expect(both.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(both.map(({ version }) => version.id)).size).toBe(1);
    const { id } = both[0].version;
    const ask = (registry: Registry) => registry.requestTransition(sam, id, 'staging', '');
    expect(await outcomes([ask(one), ask(two)])).toEqual(['conflict', 'nothing was refused']);
    const others = Array.from({ length: 10 }, (_, i) => registered(i % 2 === 0 ? one : two, { name: `more ${i}` }));
    const numbers = (await Promise.all(others)).map(({ version }) => version.number).sort((a, b) => a - b);
    expect(numbers).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('queue no more jobs than the limit', async () => {
    const [one, two] = await pair();
    const ask = (at: number) =>
      (at % 2 === 0 ? one : two).jobs.createAll(sam, [{ target: `hf://a/m${at}`, model: 'm', ruleset: 'r' }], 5);
    const codes = await outcomes(Array.from({ length: 12 }, (_, at) => ask(at)));
    expect(codes).toEqual([...Array(5).fill('nothing was refused'), ...Array(7).fill('queue-full')]);
    expect(await two.jobs.counts()).toMatchObject({ queued: 5 });
    expect(await one.verifyAuditLog(sam)).toMatchObject({ kind: 'intact', entries: 5 });
  });

  it('claim, create and end each job once', async () => {
    const [one, two] = await pair();
    const request = { target: 'hf://a/b', model: 'm', ruleset: 'r' };
    const same = await Promise.all([one, two, one, two].map((registry) => registry.jobs.create(sam, request)));
    expect(same.filter(({ created }) => created)).toHaveLength(1);
    for (let i = 0; i < 30; i++) await one.jobs.create(sam, { ...request, target: `hf://a/m${i}` });
    const claims = Array.from({ length: 40 }, (_, i) =>
      (i % 2 === 0 ? one : two).jobs.claim(`w${i}`, MINUTE, 1 + (i % 3)),
    );
    const taken = (await Promise.all(claims)).flat();
    const ids = taken.map(({ job }) => job.id);
    expect(new Set(ids).size).toBe(ids.length);
    // A worker that finds all rows locked gets no job and asks again.
    taken.push(...(await one.jobs.claim('w', MINUTE, 40)));
    expect(taken).toHaveLength(31);
    const ends = taken.flatMap((claim) =>
      [one, two].map((registry) => registry.jobs.finish(claim, { kind: 'done', version: 'v' })),
    );
    expect((await Promise.all(ends)).filter((ended) => ended)).toHaveLength(31);
    expect(await two.jobs.counts()).toMatchObject({ queued: 0, running: 0, done: 31 });
  });
});

describeOnOwnPostgres('a database server that becomes unavailable', (fresh, server) => {
  const bench = new Bench(fresh);

  it('is reported by an error code, is used again when it is back, and holds no partial change', async () => {
    const registry = await bench.open();
    await registered(registry);
    await server().down('SIGQUIT');
    expect(await codeOf(registry.currentDecisions(sam, { digest: digestOf('one') }))).toBe('unavailable');
    expect(await codeOf(registered(registry, { name: 'two' }))).toBe('unavailable');
    expect(await codeOf(registry.jobs.claim('w', MINUTE, 1))).toBe('unavailable');
    expect(await codeOf(registry.authenticate(`assay_${'a'.repeat(43)}`))).toBe('unavailable');
    await server().up();
    expect(await registered(registry, { name: 'two' })).toMatchObject({ created: true, version: { number: 2 } });
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact', entries: 2 });
  });

  it('loses no change that was reported as committed, at whatever point it stops', async () => {
    const registry = await bench.open();
    await registered(registry);
    const changes = Array.from({ length: 80 }, (_, i) => codeOf(registry.setAlias(sam, 'acme/model', `a${i}`, 1)));
    await changes[5];
    await server().down('SIGQUIT');
    const said = await Promise.all(changes);
    await server().up();
    const { aliases } = await registry.version(sam, { model: 'acme/model', number: 1 });
    for (const [i, code] of said.entries()) {
      if (code === 'nothing was refused') expect(aliases).toContain(`a${i}`);
      else expect(code).toBe('unavailable');
    }
    const verdict = await registry.verifyAuditLog(sam);
    expect(verdict).toMatchObject({ kind: 'intact', entries: aliases.length + 1 });
  });
});
