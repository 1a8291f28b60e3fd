import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../src/registry/store/open.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, HOUR } from '../harness.ts';
import { ada, rita } from '../people.ts';

describeOnBoth('tokens', (fresh) => {
  const bench = new Bench(fresh);

  it('authenticate their holders and are stored as hashes only', async () => {
    const database = await bench.fresh();
    const registry = await bench.open({ database });
    const { token, secret } = await registry.createToken(ada, { name: 'ci', roles: ['gate', 'submitter'] });
    expect(secret).toMatch(/^assay_[A-Za-z0-9_-]{43}$/);
    expect(token).toMatchObject({ name: 'ci', roles: ['submitter', 'gate'], expiresAt: null, revokedAt: null });
    expect(await registry.authenticate(secret)).toEqual({
      tenant: 'acme',
      subject: 'ci',
      issuer: null,
      roles: ['submitter', 'gate'],
      via: 'token',
    });
    expect((await registry.tokens(ada))[0]?.lastUsedAt).toBe(bench.clock.now().toISOString());
    const { read, close } = await connectDatabase(database);
    try {
      const [row] = await read.selectFrom('tokens').selectAll().execute();
      expect(row?.hash).toBe(createHash('sha256').update(secret).digest('hex'));
      expect(JSON.stringify(row)).not.toContain(secret.slice(6));
      expect(JSON.stringify(await read.selectFrom('audit').selectAll().execute())).not.toContain(secret.slice(6));
    } finally {
      await close();
    }
  });

  it('do not authenticate when they are unknown, expired or revoked', async () => {
    const registry = await bench.open();
    const expiresAt = new Date(bench.clock.now().getTime() + HOUR);
    const { token, secret } = await registry.createToken(ada, { name: 'ci', roles: ['viewer'] });
    const { secret: short } = await registry.createToken(ada, { name: 'short', roles: ['viewer'], expiresAt });
    const other = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
    for (const wrong of ['', 'assay_', other, secret.toUpperCase(), `${secret}\n`, 'x'.repeat(1_000_000)]) {
      expect(await registry.authenticate(wrong)).toBeUndefined();
    }
    expect(await registry.authenticate(short)).toBeDefined();
    bench.clock.pass(HOUR);
    expect(await registry.authenticate(short)).toBeUndefined();
    await registry.revokeToken(ada, token.id);
    expect(await registry.authenticate(secret)).toBeUndefined();
    expect(await codeOf(registry.revokeToken(ada, token.id))).toBe('ended');
  });

  it('have at most the roles of their creator, and a name that is used once', async () => {
    const registry = await bench.open();
    expect(await codeOf(registry.createToken(rita, { name: 'a', roles: ['admin'] }))).toBe('forbidden');
    expect(await codeOf(registry.createToken(ada, { name: 'a', roles: [] }))).toBe('invalid');
    expect(await codeOf(registry.createToken(ada, { name: 'a', roles: ['viewer', 'viewer'] }))).toBe('invalid');
    expect(await codeOf(registry.createToken(ada, { name: 'a\nb', roles: ['viewer'] }))).toBe('invalid');
    const past = new Date(bench.clock.now().getTime() - 1);
    expect(await codeOf(registry.createToken(ada, { name: 'a', roles: ['viewer'], expiresAt: past }))).toBe('invalid');
    const { token } = await registry.createToken(ada, { name: 'a', roles: ['viewer'] });
    await registry.revokeToken(ada, token.id);
    expect(await codeOf(registry.createToken(ada, { name: 'a', roles: ['viewer'] }))).toBe('conflict');
  });
});
