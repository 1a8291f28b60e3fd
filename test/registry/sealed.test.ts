import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealerOf, unsealed } from '../../src/registry/sealed/index.ts';
import { connectDatabase } from '../../src/registry/store/open.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, registered } from './harness.ts';
import { ada, sam } from './people.ts';

const KEY = 'a key of the service, which is long enough';

describe('a sealed secret', () => {
  it('opens with its key and for its row, and never otherwise', () => {
    const [own, other] = [sealerOf(KEY), sealerOf(`${KEY}!`)];
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (secret, row, another) => {
        const kept = own.seal(secret, row);
        expect(own.open(kept, row)).toBe(secret);
        expect(() => other.open(kept, row)).toThrow(/sealed with another key/);
        expect(() => unsealed(kept)).toThrow(/there is no key/);
        if (another !== row) expect(() => own.open(kept, another)).toThrow(/sealed with another key/);
      }),
    );
  });

  it('is refused when any part of it is changed, cut off or invented', () => {
    const own = sealerOf(KEY);
    const kept = own.seal('whsec_x', 'row');
    for (let at = 10; at < kept.length - 1; at++) {
      const swapped = `${kept.slice(0, at)}${kept[at] === 'A' ? 'B' : 'A'}${kept.slice(at + 1)}`;
      expect(() => own.open(swapped, 'row')).toThrow(/sealed with another key/);
      expect(() => own.open(kept.slice(0, at), 'row')).toThrow(/sealed with another key/);
    }
  });
});

describeOnBoth('secrets of webhooks', (fresh) => {
  const bench = new Bench(fresh);

  it('are not in the database, and sign deliveries of a service with the same key', async () => {
    const database = await bench.fresh();
    const registry = await bench.open({ database, sealingKey: KEY });
    const { secret, webhook } = await registry.webhooks.create(ada, { url: 'https://hooks.example', events: ['*'] });
    const raw = await connectDatabase(database);
    try {
      const rows = await raw.read.selectFrom('webhooks').selectAll().execute();
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect(rows[0]?.secret).toMatch(/^sealed:v1:/);
    } finally {
      await raw.close();
    }
    await registered(registry, {}, 'acme/model', sam);
    while (await registry.webhooks.plan());
    const [first] = await registry.webhooks.claim(1000, 1);
    expect(first).toMatchObject({ webhook: webhook.id, secret });
    // Who has another key signs nothing, and says why.
    const stranger = await bench.open({ database, sealingKey: `${KEY} of another` });
    bench.clock.pass(60_000);
    expect(await stranger.webhooks.claim(1000, 10)).toEqual([]);
    const { items } = await stranger.webhooks.deliveries(ada, webhook.id);
    expect(
      items.some(({ state, lastError }) => state === 'dead' && /sealed with another key/.test(lastError ?? '')),
    ).toBe(true);
  });
});
