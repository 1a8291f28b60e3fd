import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  SnapshotWriter,
  type WriteOptions,
  type WrittenSnapshot,
  watchSnapshot,
} from '../../../src/registry/snapshot/index.ts';
import { openSnapshot } from '../../../src/snapshot/index.ts';
import { until } from '../../support/until.ts';
import { assessmentOf, commitOf } from '../assessments.ts';
import { ada, sam } from '../people.ts';
import { Workshop } from './workshop.ts';

let folder: string;
let shop: Workshop;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-watch-'));
  shop = await Workshop.open(folder, `sqlite:${join(folder, 'registry.db')}`);
});
afterEach(async () => {
  await shop.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const query = (name = 'one') => ({ ref: `hf://acme/model@${commitOf(name)}` });

describe('a long-lived writer', () => {
  it('reads only new log entries and writes the same snapshot as a fresh writer', async () => {
    await shop.approved();
    const second = await shop.approved({ name: 'two' });
    const writer = new SnapshotWriter(await shop.options());
    let previous = (await writer.write(undefined)).document;
    const steps = [
      () => shop.registry.quarantine(ada, second.id, 'bad'),
      () => shop.approved({ name: 'three' }),
      () => shop.registry.register(sam, { model: 'acme/other', assessment: assessmentOf() }),
      async () =>
        shop.registry.revoke(
          ada,
          (await shop.registry.approvals(sam, (await shop.registry.versionsOf(sam, query()))[0]?.id ?? ''))[0]?.id ??
            '',
          'lost',
        ),
    ];
    for (const step of steps) {
      expect(await writer.hasChanged()).toBe(false);
      shop.pass();
      await step();
      expect(await writer.hasChanged()).toBe(true);
      const next = (await writer.write(previous)).document;
      const rebuilt = (await new SnapshotWriter(await shop.options()).write(previous)).document;
      expect(next).toEqual(rebuilt);
      expect(next.version).toBe(previous.version + 1);
      previous = next;
    }
  });

  it('notices approvals that expire', async () => {
    const version = await shop.register();
    await shop.bring(version, 'staging', 'key', new Date('2026-11-25T13:00:00Z'));
    const writer = new SnapshotWriter(await shop.options());
    const { document } = await writer.write(undefined);
    expect(document.entries[0]?.status).toBe('approved');
    shop.pass(2 * 60 * 60 * 1000);
    expect(await writer.hasChanged()).toBe(true);
    expect((await writer.write(document)).document.entries[0]?.status).toBe('denied');
    expect(await writer.hasChanged()).toBe(false);
  });
});

describe('watch mode', () => {
  it('publishes a revocation by itself, continues after a failure, and stops when it is aborted', async () => {
    await shop.approved();
    const written: WrittenSnapshot[] = [];
    const failures: unknown[] = [];
    const stop = new AbortController();
    const options: WriteOptions = await shop.options();
    let isAway = false;
    let looks = 0;
    const watching = watchSnapshot({
      signal: stop.signal,
      pollMs: 20,
      options: async () => {
        looks++;
        if (isAway) throw new Error('the database is away');
        return options;
      },
      onWritten: (one) => written.push(one),
      onFailure: (error) => failures.push(error),
    });
    await until('the first is written', () => written.length === 1);
    // The writer checks repeatedly and finds no change.
    const enough = looks + 5;
    await until('it has looked again', () => looks >= enough);
    expect(written).toHaveLength(1);
    isAway = true;
    await until('the failure is reported', () => failures.length > 0);
    isAway = false;
    const [version] = await shop.registry.versionsOf(sam, query());
    await shop.registry.quarantine(ada, version?.id ?? '', 'it phones home');
    const answer = () => {
      const bytes = readFileSync(shop.output);
      const snapshot = openSnapshot(bytes, { trust: shop.keys.writer.publicKey, now: shop.now() });
      return snapshot.lookup(query(), { now: shop.now() }).kind;
    };
    await until('the revocation is published', () => answer() === 'denied');
    stop.abort();
    await watching;
  });
});
