import { sql } from 'kysely';
import { expect, it } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/index.ts';
import type { KeptScan, Registered, Registry, ScanInput } from '../../../src/registry/index.ts';
import { connectDatabase } from '../../../src/registry/store/open.ts';
import { assessmentOf, commitOf, digestOf, findingOf, NEWER_RULESET, RULESET, type Sample } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, HOUR, plainRules, policyOfRule, promote } from '../harness.ts';
import { ada, sam, stranger } from '../people.ts';

const WEEK_MS = 7 * 24 * HOUR;
const KEY = 'a'.repeat(64);
/** Its pinned reference names another commit. */
const UPLOAD = { artifact: { ref: 'upload:2', pinned: 'upload:2' } };

function inputOf({ files, ruleset, artifact }: Assessment): ScanInput {
  return {
    key: KEY,
    ruleset: ruleset.digest,
    pinned: artifact.pinned,
    files: files.map(({ path, size }) => ({ path, size, sha256: null })),
  };
}

const INPUT = inputOf(assessmentOf(UPLOAD));

describeOnBoth('a kept scan', (fresh) => {
  const bench = new Bench(fresh);
  let jobs = 0;

  /** A scan of a worker. */
  async function scanned(registry: Registry, sample: Sample = {}, more: Partial<Assessment> = {}): Promise<Registered> {
    const assessment = { ...assessmentOf(sample), ...more };
    return registry.register(sam, { model: 'acme/model', assessment, job: `job-${++jobs}`, scan: inputOf(assessment) });
  }

  const found = (registry: Registry, input: Partial<ScanInput> = {}, by = sam) =>
    registry.keptScans(by, { ...INPUT, ...input }, WEEK_MS);

  async function theOnly(registry: Registry): Promise<KeptScan> {
    const [kept] = await found(registry);
    if (kept === undefined) throw new Error('there is no kept scan');
    return kept;
  }

  const take = (registry: Registry, kept: KeptScan, model = 'acme/model') =>
    registry.registerKept(sam, { model, job: `job-${++jobs}`, kept, input: INPUT, ref: 'upload:2', maxAgeMs: WEEK_MS });

  it('is found by the same files, key and ruleset, within its tenant', async () => {
    const registry = await bench.open();
    const { assessment } = await scanned(registry);
    expect(await found(registry)).toEqual([
      { assessment: assessment.id, digest: digestOf('one'), isSameReference: false },
    ]);
    const [first, second] = INPUT.files;
    if (first === undefined || second === undefined) throw new Error('two files are needed');
    const others: Partial<ScanInput>[] = [
      { key: 'b'.repeat(64) },
      { ruleset: NEWER_RULESET.digest },
      { files: [first] },
      { files: [first, { ...second, path: 'other' }] },
      { files: [first, { ...second, size: second.size + 1 }] },
      { files: [first, { ...second, sha256: 'c'.repeat(64) }] },
      { files: [] },
    ];
    for (const other of others) expect(await found(registry, other)).toEqual([]);
    expect(await found(registry, {}, stranger)).toEqual([]);
    expect(await found(registry, { files: [second, first] })).toHaveLength(1);
  });

  it('of a pinned reference needs no look at the bytes', async () => {
    const registry = await bench.open();
    await scanned(registry);
    const pinned = `hf://acme/model@${commitOf('one')}`;
    expect(await found(registry, { pinned })).toMatchObject([{ isSameReference: true }]);
    expect(await found(registry, { pinned: `hf://acme/model@${commitOf('two')}` })).toMatchObject([
      { isSameReference: false },
    ]);
  });

  it.each<[string, Sample, Partial<Assessment>]>([
    ['is incomplete', {}, { status: 'incomplete' }],
    ['has a file of unknown verdict', { verdict: 'unknown' }, {}],
    ['has a check that failed to run', {}, { checks: [{ id: 'integrity.manifest', status: 'error', detail: '' }] }],
    ['holds what the Hub said then', { findings: [findingOf('hub.verdict.unsafe')] }, {}],
    [
      'has a file that was not read to its end',
      {},
      { files: assessmentOf().files.map((file) => ({ ...file, reasons: ['a limit'] })) },
    ],
    [
      'has a digest that was only announced',
      {},
      { files: assessmentOf().files.map((file) => ({ ...file, digestBasis: 'claimed' as const })) },
    ],
  ])('that %s is not taken', async (_, sample, more) => {
    const registry = await bench.open();
    await scanned(registry, sample, more);
    expect(await found(registry)).toEqual([]);
  });

  it('that no worker made, or an earlier program, is not taken', async () => {
    const registry = await bench.open();
    const assessment = assessmentOf();
    await registry.register(sam, { model: 'acme/model', assessment, scan: INPUT });
    expect(await found(registry)).toEqual([]);
    await registry.register(sam, { model: 'acme/model', assessment, job: 'one' });
    expect(await found(registry)).toEqual([]);
    await scanned(registry);
    expect(await found(registry)).toHaveLength(1);
    // The newest is what the log covers: what somebody brings hides what a worker found.
    await registry.register(sam, { model: 'acme/model', assessment });
    expect(await found(registry)).toEqual([]);
  });

  it('is not taken when it is too old, and what was taken ages with it', async () => {
    const registry = await bench.open();
    await scanned(registry);
    bench.clock.pass(WEEK_MS);
    const kept = await theOnly(registry);
    await take(registry, kept);
    bench.clock.pass(1);
    expect(await found(registry)).toEqual([]);
    expect(await codeOf(take(registry, kept))).toBe('conflict');
  });

  it('of bytes that are quarantined or revoked by any name is not taken', async () => {
    const registry = await bench.open();
    const { version } = await scanned(registry);
    const kept = await theOnly(registry);
    const assessment = assessmentOf();
    const other = await registry.register(sam, { model: 'acme/other', assessment, job: 'other', scan: INPUT });
    expect(await found(registry)).toHaveLength(2);
    await registry.quarantine(ada, other.version.id, 'leaked');
    expect(await found(registry)).toEqual([]);
    expect(await codeOf(take(registry, kept))).toBe('conflict');
    const again = await bench.open();
    const { version: approved } = await scanned(again);
    await promote(again, approved.id, 'staging');
    const [approval] = await again.approvals(ada, approved.id);
    expect(await found(again)).toHaveLength(1);
    await again.revoke(ada, approval?.id ?? '', 'a mistake');
    expect(await found(again)).toEqual([]);
    expect(version.digest).toBe(approved.digest);
  });

  it.each([
    ['body', sql`update assessments set body = replace(body, 'suspicious', 'clean')`],
    ['job', sql`update assessments set job = 'job-x'`],
    ['digest of its version', sql`update versions set digest = ${digestOf('two')}`],
    ['shape, which leads to other bytes,', sql`update assessments set shape = 'none'`],
  ])('whose %s was edited in the database is not taken', async (_, edit) => {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    await scanned(registry, { verdict: 'suspicious' });
    const kept = await theOnly(registry);
    const database = await connectDatabase(address);
    await edit.execute(database.write);
    await database.close();
    expect(await found(registry)).toEqual([]);
    if (!_.startsWith('shape')) expect(await codeOf(take(registry, kept))).toBe('conflict');
  });

  it('of other bytes is not made that of these by a row that is moved', async () => {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    const good = await scanned(registry);
    const bad = await scanned(registry, { name: 'two', verdict: 'malicious' });
    const database = await connectDatabase(address);
    await sql`update assessments set body = ${JSON.stringify(good.assessment.assessment)} where version = ${bad.version.id}`.execute(
      database.write,
    );
    await database.close();
    expect((await found(registry)).map(({ digest }) => digest)).toEqual([good.version.digest]);
  });

  it('that is taken says where it came from, is decided by the policy of now, and sealed', async () => {
    const address = await bench.fresh();
    const before = await bench.open({ database: address });
    const first = await scanned(before);
    expect(first.decision.decision.action).toBe('allow');
    const rules = await plainRules();
    const policy = policyOfRule('false');
    const registry = await bench.open({
      database: address,
      rules: { ...rules, candidate: { ...rules.candidate, policy } },
    });
    const at = bench.clock.now().toISOString();
    bench.clock.pass(HOUR);
    const taken = await take(registry, await theOnly(registry), 'acme/copy');
    expect(taken.created).toBe(true);
    expect(taken.version).toMatchObject({ model: 'acme/copy', digest: first.version.digest, ref: 'upload:2' });
    expect(taken.decision.decision).toMatchObject({ action: 'deny', policy: 'ours' });
    const cached = { at, from: 'acme/model@1', job: `job-${jobs - 1}` };
    expect(taken.assessment.assessment).toMatchObject({ cached, artifact: { ref: 'upload:2' }, ruleset: RULESET });
    expect(taken.assessment.assessment.notes.at(-1)).toContain('the result of the scan of acme/model@1');
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
    const { items } = await registry.auditLog(sam, { subject: 'acme/copy@1' });
    expect(items[0]?.detail).toMatchObject({ reused: first.assessment.id, scan: KEY });
    // What was taken is taken again, and still says where it first came from.
    const again = await take(registry, await theOnly(registry), 'acme/third');
    expect(again.assessment.assessment.cached).toEqual(cached);
    expect(again.assessment.assessment.notes.filter((note) => note.includes('was taken'))).toHaveLength(1);
  });
});
