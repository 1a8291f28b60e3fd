import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { type LiveRules, openLiveRules, openRegistry, type Registry } from '../../../src/registry/index.ts';
import { type ReevaluationOptions, startReevaluation } from '../../../src/service/jobs/reevaluation.ts';
import { assessmentOf, NEWER_RULESET, RULESET } from '../../registry/assessments.ts';
import { rita, sam } from '../../registry/people.ts';

let folder: string;
let rules: string;
let live: LiveRules;
let registry: Registry;
let enqueued: string[];
let told: string[];
let ruleset = RULESET;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-reevaluation-'));
  rules = join(folder, 'rules.yaml');
  write('baseline');
  live = await openLiveRules(rules);
  const { privateKey } = generateKeyPairSync('ed25519');
  registry = await openRegistry({
    database: `sqlite:${join(folder, 'registry.db')}`,
    rules: live.rules,
    approvalSigner: keySigner(privateKey),
  });
  ruleset = RULESET;
  enqueued = [];
  told = [];
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(policy: string, more = ''): void {
  writeFileSync(rules, `version: 1\nstages:\n  staging: {policy: ${policy}${more}}\n`);
}

function start() {
  const queue = { enqueue: async ({ id }: { readonly id: string }) => void enqueued.push(id) };
  const options: ReevaluationOptions = {
    stateFile: join(folder, 'reevaluated.json'),
    tell: (line) => told.push(line),
    ruleset: async () => ruleset,
    pollMs: 3_600_000,
  };
  return startReevaluation({ registry, queue, live }, options);
}

async function staged(name = 'one') {
  const { version } = await registry.register(sam, { model: 'acme/model', assessment: assessmentOf({ name }) });
  const asked = await registry.requestTransition(sam, version.id, 'staging', 'please');
  await registry.vote(rita, asked.id, { vote: 'approve', role: 'reviewer', comment: 'ok' });
  return version;
}

const approvals = async (id: string) => (await registry.approvals(sam, id)).map(({ state }) => state);
const log = async () => (await registry.auditLog(sam, { limit: 200 })).items.map(({ action }) => action);

describe('re-evaluation', () => {
  it('runs once for a set of rules', async () => {
    await staged();
    const running = start();
    await running.look();
    expect(told).toEqual([expect.stringMatching(/acme: 1 decided again, 0 decisions changed/)]);
    const before = await log();
    await running.look();
    await running.close();
    // Nor after another start.
    const again = start();
    await again.look();
    await again.close();
    expect(told).toHaveLength(1);
    expect(await log()).toEqual(before);
    expect(enqueued).toEqual([]);
  });

  it('applies a changed policy of a stage at once and carries approvals over', async () => {
    const version = await staged();
    const running = start();
    await running.look();
    write('strict');
    await running.look();
    await running.close();
    expect(told.at(-1)).toMatch(/approvals: 1 carried over, 0 void/);
    expect(await approvals(version.id)).toEqual(['carried']);
    const staging = (await registry.decisions(sam, version.id)).find(({ stage }) => stage === 'staging');
    expect(staging?.decision.policy).toBe('strict');
  });

  it('voids approvals of versions that a stricter policy denies, and logs it', async () => {
    const version = await staged();
    const running = start();
    await running.look();
    write('production');
    await running.look();
    await running.close();
    expect(told.at(-1)).toMatch(/1 decisions changed, approvals: 0 carried over, 1 void/);
    expect(await approvals(version.id)).toEqual(['void']);
    expect(await log()).toEqual(expect.arrayContaining(['decision.changed', 'approval.void']));
  });

  it('queues one scan for each version with an older ruleset', async () => {
    await staged();
    await registry.register(sam, {
      model: 'acme/upload',
      assessment: assessmentOf({ name: 'up', artifact: { ref: 'upload', pinned: 'upload' } }),
    });
    const running = start();
    await running.look();
    ruleset = NEWER_RULESET;
    await running.look();
    await running.look();
    await running.close();
    expect(enqueued).toHaveLength(1);
    const job = await registry.jobs.get(sam, enqueued[0] ?? '');
    expect(job).toMatchObject({
      state: 'queued',
      model: 'acme/model',
      target: expect.stringMatching(/^hf:\/\/acme\/model@/),
    });
    expect(told.at(-1)).toMatch(/1 scanned again, 1 must be uploaded again/);
  });

  it('continues with the old rules while the new ones cannot be read', async () => {
    const version = await staged();
    const running = start();
    await running.look();
    write('baseline', ', nonsense: 1');
    await running.look();
    expect(told.at(-1)).toMatch(/^re-evaluation: .*nonsense/);
    expect(await approvals(version.id)).toEqual(['valid']);
    write('strict');
    await running.look();
    await running.close();
    expect(await approvals(version.id)).toEqual(['carried']);
    expect(JSON.parse(readFileSync(join(folder, 'reevaluated.json'), 'utf8'))).toHaveProperty('acme');
  });
});

describe('a suite that is asked of a model', () => {
  const suite = (byte: string) =>
    `suites:\n  - {model: acme/model, name: digits, digest: "sha256:${byte.repeat(32)}"}\n`;
  const ask = (text: string) => writeFileSync(rules, `version: 1\nstages:\n  staging: {policy: baseline}\n${text}`);

  it('voids approvals once another one, or none, is in the rules, and an unreadable file changes nothing', async () => {
    ask(suite('ab'));
    await live.reload();
    const version = await staged();
    const reevaluation = start();
    try {
      await reevaluation.look();
      writeFileSync(rules, 'version: 1\nsuites: [');
      await reevaluation.look();
      expect(await registry.approvals(sam, version.id)).toMatchObject([{ state: 'valid' }]);
      ask(suite('cd'));
      await reevaluation.look();
      expect(await registry.approvals(sam, version.id)).toMatchObject([
        { state: 'void', why: expect.stringContaining('and now it is digits (sha256:cdcd') },
      ]);
      expect(told.at(-1)).toContain('approvals: 0 carried over, 1 void');
      ask('');
      await reevaluation.look();
      const actions = (await registry.auditLog(sam)).items.filter(({ action }) => action === 'suite.changed');
      expect(actions.map(({ detail }) => (detail.to as { digest: string } | null)?.digest.slice(7, 11))).toEqual([
        'abab',
        'cdcd',
        undefined,
      ]);
    } finally {
      await reevaluation.close();
    }
  });
});
