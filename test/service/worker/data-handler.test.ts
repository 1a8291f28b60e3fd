import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClaimedJob, loadRegistryRules, openRegistry, type Registry } from '../../../src/registry/index.ts';
import { openDataCheckStore } from '../../../src/service/data-checks/files.ts';
import type { DataCheckStore } from '../../../src/service/data-checks/store.ts';
import { type DataParts, dataHandler } from '../../../src/service/worker/data-handler.ts';
import type { CheckedEnd } from '../../../src/service/worker/scan-messages.ts';
import { runCli } from '../../cli/run-cli.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { submitter } from '../queue/backends.ts';

const folder = tempFolder();
const HOOKS = { signal: new AbortController().signal, onProgress: () => undefined, onCosts: () => undefined };
const DATA = { columns: { label: 'label' }, snapshot: null };
let count = 0;
/** Equal requests would share a job. */
let asked = 0;

/** What a check of real data leaves. */
async function checkedEnd(): Promise<CheckedEnd> {
  writeFileSync(join(folder, 'rows.csv'), 'label,x\na,1\nb,2\n');
  const { stdout } = await runCli(['data', join(folder, 'rows.csv'), '--label', 'label', '--format', 'json']);
  const { status: outcome } = JSON.parse(stdout);
  return { kind: 'checked', outcome, texts: { report: stdout, rows: '', profile: '{}' }, evidence: { rows: 2 } };
}

describe('the handler of checks of data', async () => {
  const checked = await checkedEnd();
  let registry: Registry;
  let dataChecks: DataCheckStore;
  let parts: DataParts;
  let root: string;
  const told: string[] = [];

  beforeEach(async () => {
    told.length = 0;
    count++;
    const config = await testConfig(join(folder, String(count)));
    mkdirSync(config.dataFolder, { recursive: true });
    root = join(config.dataFolder, 'data-checks');
    registry = await openRegistry({ database: config.database, rules: await loadRegistryRules(null) });
    dataChecks = await openDataCheckStore(root, config.limits);
    const pool = { checkData: async () => checked };
    parts = { registry, dataChecks, datasets: null, pool, tell: (line) => void told.push(line) };
  });
  afterEach(() => registry.close());

  async function claimed(target = `upload:${++asked}`, leaseMs = 60_000): Promise<ClaimedJob> {
    await registry.jobs.create(submitter, { target, model: 'acme/m', ruleset: 'r', data: DATA });
    const [job] = await registry.jobs.claim('worker', leaseMs, 1);
    if (job === undefined) throw new Error('no job');
    return job;
  }

  const left = () => readdirSync(root).flatMap((home) => readdirSync(join(root, home)));
  const stored = async ({ job }: ClaimedJob) => {
    const { state, outcome } = await registry.jobs.get(submitter, job.id);
    return { state, outcome, output: await registry.jobs.output(submitter, job.id) };
  };

  it('publishes once when two workers finish the same job, and says that nothing is attested without a key', async () => {
    const job = await claimed();
    const handle = dataHandler(parts);
    expect(await handle(job, HOOKS)).toEqual({ kind: 'ended' });
    const after = await stored(job);
    expect(after).toMatchObject({ state: 'done', outcome: checked.kind === 'checked' ? checked.outcome : '' });
    expect(await handle(job, HOOKS)).toMatchObject({ kind: 'failed', code: 'ended' });
    expect(await stored(job)).toEqual(after);
    expect(left()).toEqual([after.output]);
    const { items } = await registry.auditLog(submitter, { subject: 'acme/m' });
    expect(items.map(({ action }) => action)).toEqual(['job.created', 'data.ended']);
    expect(items[1]?.detail).toMatchObject({
      rows: 2,
      notAttested: 'the service has no key that signs checks of data',
    });
    expect(await registry.jobs.dataRun(submitter, job.job.id)).toBeUndefined();
    await expect(registry.jobs.dataRun({ ...submitter, tenant: 'rival' }, job.job.id)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('leaves nothing of a job that was cancelled, or taken by another worker, meanwhile', async () => {
    const cancelled = await claimed();
    const pool = {
      async checkData() {
        await registry.jobs.cancel(submitter, cancelled.job.id);
        return checked;
      },
    };
    expect(await dataHandler({ ...parts, pool })(cancelled, HOOKS)).toMatchObject({ code: 'ended' });
    const late = await claimed(undefined, -1);
    const [other] = await registry.jobs.claim('other', 60_000, 1);
    expect(other?.job.id).toBe(late.job.id);
    expect(await dataHandler(parts)(late, HOOKS)).toMatchObject({ code: 'ended' });
    expect(await stored(late)).toEqual({ state: 'running', outcome: null, output: null });
    expect(left()).toEqual([]);
  });

  it.each([
    ['a process that was lost', { kind: 'lost', code: 'crashed', message: 'x' }, 'crashed', true],
    ['a process without memory', { kind: 'lost', code: 'out-of-memory', message: 'x' }, 'out-of-memory', false],
    ['a check that takes too long', { kind: 'failed', code: 'limit', message: 'x' }, 'limit', false],
    ['data that cannot be read', { kind: 'failed', code: 'malformed', message: 'x' }, 'malformed', false],
  ] as const)('ends as failed for %s, and is tried again where that may help', async (_, end, code, retry) => {
    const handled = await dataHandler({ ...parts, pool: { checkData: async () => end } })(await claimed(), HOOKS);
    expect(handled).toMatchObject({ kind: 'failed', code, retry });
    expect(told.splice(0)).toHaveLength(end.kind === 'lost' ? 1 : 0);
    expect(left()).toEqual([]);
  });

  it('fails when the data set was taken away, and hands back a job for which no process is free', async () => {
    expect(await dataHandler(parts)(await claimed('dataset:none'), HOOKS)).toMatchObject({ code: 'no-datasets' });
    const gone = await dataHandler({ ...parts, datasets: folder })(await claimed('dataset:mails'), HOOKS);
    expect(gone).toMatchObject({ kind: 'failed', code: 'no-such-dataset', retry: false });
    const job = await claimed();
    const busy = { checkData: async () => ({ kind: 'busy' }) as const };
    expect(await dataHandler({ ...parts, pool: busy })(job, HOOKS)).toEqual({ kind: 'released' });
  });
});
