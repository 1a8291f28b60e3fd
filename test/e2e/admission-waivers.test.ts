import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeKey } from '../cli/registry-ground.ts';
import { runCli } from '../cli/run-cli.ts';
import { requirePart } from '../support/parts.ts';
import { GROUND_PART, HOW_GROUND, hasGround } from './admission/chart.ts';
import { type Ground, onGround } from './admission/ground.ts';
import { type Model, modelOf, REVOKED, STRAY } from './admission/models.ts';
import { need } from './admission/office.ts';
import { podSpec, vllm } from './admission/sample.ts';

const OTHER = modelOf('stray', 'other');
const RULES = [
  {
    id: 'owned',
    expression: "references.size() == 0 || 'team' in request.labels",
    message: 'who loads a model says who owns it: add the label team',
    action: 'deny',
  },
  {
    id: 'no-lora',
    expression: "references.all(r, r.role != 'lora')",
    message: 'adapters are new here',
    action: 'warn',
  },
  // An expression that cannot be evaluated denies.
  {
    id: 'broken',
    expression: "object.metadata.name != 'broken' || object.spec.nothing.there == 1",
    message: 'never',
    action: 'warn',
  },
];
const ANNOTATION = 'validate.admission.assay.dev/waiver';
const OWNED = { labels: { team: 'a' } };

requirePart(GROUND_PART, hasGround, HOW_GROUND, 'what an organisation says by itself, at a real API server', () => {
  const ground = onGround({
    kube: { audit: true },
    config: { policies: RULES },
    args: (own) => {
      for (const name of ['sre', 'stranger', 'approver']) writeKey(own.folder, name);
      mkdirSync(own.file('waivers'));
      writeFileSync(
        own.file('trust.yaml'),
        `version: 1
signers:
  - { name: sre, key: sre.pub, may: [break-glass] }
  - { name: approver, key: approver.pub, may: [approval] }
`,
      );
      return ['--break-glass', own.file('waivers'), '--break-glass-trust', own.file('trust.yaml')];
    },
  });
  beforeAll(async () => {
    for (const name of ['payments', 'other']) await ground().kube.createNamespace(name);
  });

  const pod = (model: Model, namespace = 'payments', metadata: object = OWNED) =>
    ground().pod(podSpec(model), { namespace, metadata });

  describe('a waiver for an emergency', () => {
    it('lets pass what it names where it says, told to everybody, until it ends', async () => {
      expect((await pod(STRAY)).status).toBe(403);
      // A slow machine takes long to sign it: it gets one that is good for longer, until half of its time is left.
      let ends = 0;
      for (let goodMs = 20_000, isSeen = false; !isSeen; goodMs *= 2) {
        ends = Date.now() + goodMs;
        await waive(ground(), 'one', { expires: ends, more: ['--reference', STRAY.hub] });
        while (!isSeen && Date.now() < ends - goodMs / 2) isSeen = (await pod(STRAY)).status === 201;
      }
      const { warnings } = await pod(STRAY);
      expect(warnings).toEqual([expect.stringMatching(/let pass by the waiver of sre-team until .*\(incident 42\)/)]);
      const told = () =>
        ground()
          .kube.auditEvents()
          .map(({ annotations }) => String(annotations?.[ANNOTATION]));
      await until(async () => told().some((digest) => /^sha256:[0-9a-f]{64}$/.test(digest)));
      // Neither another model, nor another namespace.
      expect((await pod(OTHER)).status).toBe(403);
      expect((await pod(STRAY, 'other')).status).toBe(403);
      await until(async () => (await pod(STRAY)).status === 403);
      expect(Date.now()).toBeGreaterThanOrEqual(ends - 1_000);
      expect(Date.now()).toBeLessThan(ends + 20_000);
    });

    it('of somebody who may not, or for what was decided against, counts for nothing', async () => {
      const expires = Date.now() + 3_600_000;
      await waive(ground(), 'stranger', { expires, key: 'stranger' });
      await waive(ground(), 'approver', { expires, key: 'approver' });
      await waive(ground(), 'revoked', { expires, more: ['--reference', REVOKED.hub] });
      writeFileSync(ground().file('waivers/text.json'), '{"not": "signed"}');
      // Looked at together with one that counts.
      await waive(ground(), 'good', { expires, more: ['--reference', OTHER.hub] });
      await until(async () => (await pod(OTHER)).status === 201);
      expect((await pod(STRAY)).status).toBe(403);
      const { status, body } = await pod(REVOKED);
      expect([status, body.message]).toEqual([403, expect.stringContaining('it was revoked')]);
      expect(await ground().gate.get('/status')).toMatch(/stranger\.json/);
      for (const name of ['stranger', 'approver', 'revoked', 'text', 'good'])
        rmSync(ground().file(`waivers/${name}.json`));
    });

    it('that is taken away ends', async () => {
      await waive(ground(), 'gone', { expires: Date.now() + 3_600_000, more: ['--reference', OTHER.hub] });
      await until(async () => (await pod(OTHER)).status === 201);
      rmSync(ground().file('waivers/gone.json'));
      await until(async () => (await pod(OTHER)).status === 403);
    });
  });

  describe('rules of its own', () => {
    it('deny, warn, and deny where they cannot be told', async () => {
      const approved = modelOf('acme', 'llama');
      const no = await pod(approved, 'payments', {});
      expect([no.status, no.body.message]).toEqual([403, expect.stringMatching(/add the label team \(policy owned\)/)]);
      expect((await pod(approved)).status).toBe(201);
      const broken = await pod(approved, 'payments', { name: 'broken', ...OWNED });
      expect([broken.status, broken.body.message]).toEqual([403, expect.stringContaining('policy broken')]);
      const { repo, commit, s3 } = approved;
      const lora = vllm(approved, { args: ['--model', repo, '--revision', commit, '--lora-modules', `sql=${s3}`] });
      const warned = await ground().pod({ containers: [lora] }, { namespace: 'payments', metadata: OWNED });
      expect([warned.status, warned.warnings]).toEqual([201, [expect.stringMatching(/adapters are new here/)]]);
    });
  });
});

interface WaiverWish {
  readonly expires: number;
  readonly key?: string;
  readonly more?: readonly string[];
}

/** Signs one, as people do, and puts it where the gate looks. */
async function waive(
  ground: Ground,
  name: string,
  { expires, key = 'sre', more = ['--reference', STRAY.hub] }: WaiverWish,
) {
  const draft = join(ground.folder, `${name}.draft.json`);
  const about = ['--namespace', 'payments', '--outcome', 'unlisted', ...more];
  const who = ['--reason', 'incident 42', '--owner', 'sre-team', '--private-key', ground.file(`${key}.pem`)];
  const until = ['--expires', `${new Date(expires).toISOString().slice(0, 19)}Z`];
  need(await runCli(['attestation', 'create', '--type', 'break-glass', ...about, ...who, ...until, '-o', draft]));
  renameSync(draft, ground.file(`waivers/${name}.json`));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(50)) {
    if (await holds()) return;
  }
  throw new Error('it never came');
}
