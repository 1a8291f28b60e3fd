import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClaimedJob, loadRegistryRules, openRegistry, type Registry } from '../../../src/registry/index.ts';
import { openTestStore } from '../../../src/service/tests/files.ts';
import type { TestStore } from '../../../src/service/tests/store.ts';
import type { TestedEnd } from '../../../src/service/worker/scan-messages.ts';
import { type TestParts, testHandler } from '../../../src/service/worker/test-handler.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { submitter } from '../queue/backends.ts';

const folder = tempFolder();
const HOOKS = { signal: new AbortController().signal, onProgress: () => undefined, onCosts: () => undefined };
const TEST = { suite: 'digits', device: 'cpu', version: null, digest: null } as const;
const TESTED: TestedEnd = {
  kind: 'tested',
  outcome: 'pass',
  report: '{}\n',
  context: { digest: null, baseline: null, noBaseline: 'none' },
  gpuMs: null,
  evidence: { report: 'r', digest: `sha256:${'a'.repeat(64)}` },
};
let count = 0;
/** Equal requests would share a job. */
let asked = 0;

describe('the handler of tests', () => {
  let registry: Registry;
  let tests: TestStore;
  let parts: TestParts;
  let root: string;
  const told: string[] = [];

  beforeEach(async () => {
    told.length = 0;
    count++;
    const config = await testConfig(join(folder, String(count)));
    mkdirSync(config.dataFolder, { recursive: true });
    root = join(config.dataFolder, 'tests');
    const suites = join(config.dataFolder, 'suites');
    mkdirSync(suites);
    writeFileSync(join(suites, 'digits.yaml'), 'version: 1');
    registry = await openRegistry({ database: config.database, rules: await loadRegistryRules(null) });
    tests = await openTestStore(root, config.limits);
    const pool = { test: async () => TESTED };
    const conversions = { filesOf: () => '' };
    parts = { registry, tests, conversions, settings: config, suites, pool, tell: (line) => void told.push(line) };
  });
  afterEach(() => registry.close());

  async function claimed(leaseMs = 60_000): Promise<ClaimedJob> {
    asked++;
    await registry.jobs.create(submitter, { target: `upload:${asked}`, model: 'acme/m', ruleset: 'r', test: TEST });
    const [job] = await registry.jobs.claim('worker', leaseMs, 1);
    if (job === undefined) throw new Error('no job');
    return job;
  }

  const left = () => readdirSync(root).flatMap((home) => readdirSync(join(root, home)));
  const stored = async ({ job }: ClaimedJob) => {
    const { state, outcome } = await registry.jobs.get(submitter, job.id);
    return { state, outcome, output: await registry.jobs.output(submitter, job.id) };
  };

  it('publishes once when two workers finish the same job', async () => {
    const job = await claimed();
    const handle = testHandler(parts);
    expect(await handle(job, HOOKS)).toEqual({ kind: 'ended' });
    const after = await stored(job);
    expect(after).toMatchObject({ state: 'done', outcome: 'pass' });
    expect(await handle(job, HOOKS)).toMatchObject({ kind: 'failed', code: 'ended' });
    expect(await stored(job)).toEqual(after);
    expect(left()).toEqual([after.output]);
    const { items } = await registry.auditLog(submitter, { subject: 'acme/m' });
    expect(items.map(({ action }) => action)).toEqual(['job.created', 'test.ended']);
  });

  it('leaves nothing of a job that was cancelled, or taken by another worker, meanwhile', async () => {
    const cancelled = await claimed();
    const pool = {
      async test() {
        await registry.jobs.cancel(submitter, cancelled.job.id);
        return TESTED;
      },
    };
    expect(await testHandler({ ...parts, pool })(cancelled, HOOKS)).toMatchObject({ code: 'ended' });
    const late = await claimed(-1);
    const [other] = await registry.jobs.claim('other', 60_000, 1);
    expect(other?.job.id).toBe(late.job.id);
    expect(await testHandler(parts)(late, HOOKS)).toMatchObject({ code: 'ended' });
    expect(await stored(late)).toEqual({ state: 'running', outcome: null, output: null });
    expect(left()).toEqual([]);
  });

  it.each([
    ['a thread that was lost', { kind: 'lost', code: 'crashed', message: 'x' }, 'crashed', true],
    ['a thread without memory', { kind: 'lost', code: 'out-of-memory', message: 'x' }, 'out-of-memory', false],
    ['a test that takes too long', { kind: 'failed', code: 'limit', message: 'x' }, 'limit', false],
    ['a source that does not answer', { kind: 'failed', code: 'network', message: 'x' }, 'network', true],
  ] as const)('ends as failed for %s, and is tried again where that may help', async (_, end, code, retry) => {
    const handled = await testHandler({ ...parts, pool: { test: async () => end } })(await claimed(), HOOKS);
    expect(handled).toMatchObject({ kind: 'failed', code, retry });
    expect(told.splice(0)).toHaveLength(end.kind === 'lost' ? 1 : 0);
    expect(left()).toEqual([]);
  });

  it('fails when the suite was taken away, and hands back a job for which no thread is free', async () => {
    const gone = await testHandler({ ...parts, suites: null })(await claimed(), HOOKS);
    expect(gone).toMatchObject({ kind: 'failed', code: 'no-suites', retry: false });
    const job = await claimed();
    expect(await testHandler({ ...parts, pool: { test: async () => ({ kind: 'busy' }) } })(job, HOOKS)).toEqual({
      kind: 'released',
    });
  });
});
