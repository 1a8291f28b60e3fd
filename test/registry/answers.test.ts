import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../src/registry/store/open.ts';
import { describeOnBoth } from './databases.ts';
import { Bench } from './harness.ts';

describeOnBoth('kept answers', (fresh) => {
  const bench = new Bench(fresh);

  it('cannot be read from the database, nor can their keys and holders', async () => {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    const request = { holder: 'the-holder', key: 'the-key-of-it', content: 'the-content' };
    const state = await registry.answers.claim(request);
    if (state.kind !== 'claimed') throw new Error(state.kind);
    const answer = { status: 201, headers: { location: '/the-place' }, body: '{"secret":"the-secret"}' };
    await registry.answers.keep(request, state.claim, answer);
    const database = await connectDatabase(address);
    const { rows } = await sql`select * from kept_answers`.execute(database.read);
    await database.close();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/the-(?:holder|key|content|place|secret)/);
    expect(await registry.answers.claim(request)).toEqual({ kind: 'answered', answer });
    expect(await registry.answers.claim({ ...request, content: 'another' })).toEqual({ kind: 'other' });
  });
});
