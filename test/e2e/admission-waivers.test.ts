import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { signStatement } from '../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../src/integrity/statements/create.ts';
import { writeKey } from '../cli/registry-ground.ts';
import { runCli } from '../cli/run-cli.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
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
const DAY_MS = 86_400_000;
const OWNED = { labels: { team: 'a' } };

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'an organisation on a real API server',
  () => {
    const ground = onGround({
      kube: { audit: true },
      config: { policies: RULES },
      args: (own) => {
        for (const name of ['sre', 'stranger', 'approver', 'platform']) writeKey(own.folder, name);
        mkdirSync(own.file('waivers'));
        writeFileSync(
          own.file('trust.yaml'),
          `version: 1
signers:
  - { name: sre, key: sre.pub, may: [break-glass] }
  - { name: approver, key: approver.pub, may: [approval] }
  - { name: platform, key: platform.pub, may: [baseline] }
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

    describe('with a break-glass waiver', () => {
      it('admits exactly the named model in the named namespace, visibly, until the waiver expires', async () => {
        expect((await pod(STRAY)).status).toBe(403);
        await waive(ground(), 'one', { expires: Date.now() + DAY_MS });
        await until('the waiver applies', async () => (await pod(STRAY)).status === 201);
        const { warnings } = await pod(STRAY);
        expect(warnings).toEqual([expect.stringMatching(/let pass by the waiver of sre-team until .*\(incident 42\)/)]);
        const told = () =>
          ground()
            .kube.auditEvents()
            .map(({ annotations }) => String(annotations?.[ANNOTATION]));
        await until('the audit log contains the waiver', async () =>
          told().some((digest) => /^sha256:[0-9a-f]{64}$/.test(digest)),
        );
        // The waiver covers neither another model nor another namespace.
        expect((await pod(OTHER)).status).toBe(403);
        expect((await pod(STRAY, 'other')).status).toBe(403);
        // The same waiver with an end in the past.
        put(ground(), 'one', await endedWaiver(ground()));
        await until('the waiver has ended', async () => (await pod(STRAY)).status === 403);
        expect((await pod(STRAY)).body.message).toContain(STRAY.hub);
        expect((await pod(OTHER)).status).toBe(403);
      });

      it('by an untrusted signer or for a denied model ignores the waiver', async () => {
        const expires = Date.now() + DAY_MS;
        await waive(ground(), 'stranger', { expires, key: 'stranger' });
        await waive(ground(), 'approver', { expires, key: 'approver' });
        await waive(ground(), 'revoked', { expires, more: ['--reference', REVOKED.hub] });
        writeFileSync(ground().file('waivers/text.json'), '{"not": "signed"}');
        // It is loaded together with a valid one.
        await waive(ground(), 'good', { expires, more: ['--reference', OTHER.hub] });
        await until('the waiver applies', async () => (await pod(OTHER)).status === 201);
        expect((await pod(STRAY)).status).toBe(403);
        const { status, body } = await pod(REVOKED);
        expect([status, body.message]).toEqual([403, expect.stringContaining('it was revoked')]);
        expect(await ground().webhook.get('/status')).toMatch(/stranger\.json/);
        for (const name of ['stranger', 'approver', 'revoked', 'text', 'good'])
          rmSync(ground().file(`waivers/${name}.json`));
      });

      it('that is removed refuses the model again', async () => {
        await waive(ground(), 'gone', { expires: Date.now() + DAY_MS, more: ['--reference', OTHER.hub] });
        await until('the waiver applies', async () => (await pod(OTHER)).status === 201);
        rmSync(ground().file('waivers/gone.json'));
        await until('the waiver has ended', async () => (await pod(OTHER)).status === 403);
      });
    });

    describe('with a signed baseline', () => {
      it('lets what ran come back, as after the drain of a node, and nothing else', async () => {
        const { kube } = ground();
        await kube.createNamespace('old', { 'assay.dev/admission': 'warn' });
        const started = () => pod(STRAY, 'old', { generateName: 'llm-', ...OWNED });
        await until('the namespace only warns', async () => (await started()).status === 201);
        const snapshot = [
          '--snapshot',
          ground().file('snapshot.json'),
          '--snapshot-key',
          ground().file('snapshot.pub'),
        ];
        const audit = ['admit', '--audit', ...snapshot, '--kubeconfig', kube.kubeconfig(), '--in-namespace', 'old'];
        const draft = ground().file('baseline.yaml');
        const audited = await runCli([...audit, '--baseline', draft]);
        expect({ code: audited.code, stderr: audited.stderr }).toMatchObject({ code: 1 });
        await kube.request('PATCH', '/api/v1/namespaces/old', {
          metadata: { labels: { 'assay.dev/admission': 'enforce' } },
        });
        await until('the namespace enforces', async () => (await started()).status === 403);

        const who = ['--reason', 'enforcement began', '--owner', 'platform-team', '--private-key'];
        const expires = `${new Date(Date.now() + DAY_MS).toISOString().slice(0, 19)}Z`;
        const create = ['attestation', 'create', '--type', 'baseline', '--templates', draft, '--expires', expires];
        const signed = ground().file('baseline.draft.json');
        need(await runCli([...create, ...who, ground().file('platform.pem'), '-o', signed]));
        renameSync(signed, ground().file('waivers/baseline.json'));
        await until('the Pod comes back', async () => (await started()).status === 201);
        expect((await started()).warnings).toEqual([
          expect.stringMatching(/^it ran when enforcement began \(baseline of platform-team until /),
        ]);
        expect((await pod(OTHER, 'old')).status).toBe(403);
        expect((await pod(STRAY, 'other')).status).toBe(403);
        const again = await runCli([
          ...[...audit, '--break-glass', ground().file('waivers')],
          ...['--break-glass-trust', ground().file('trust.yaml')],
        ]);
        expect(again.stdout).toMatch(/0 would be refused.* go on by a baseline/s);
        rmSync(ground().file('waivers/baseline.json'));
        await until('the baseline has ended', async () => (await started()).status === 403);
      });
    });

    describe('with policies of its own', () => {
      it('denies, warns, and denies where the mode is unknown', async () => {
        const approved = modelOf('acme', 'llama');
        const no = await pod(approved, 'payments', {});
        expect([no.status, no.body.message]).toEqual([
          403,
          expect.stringMatching(/add the label team \(policy owned\)/),
        ]);
        expect((await pod(approved)).status).toBe(201);
        const broken = await pod(approved, 'payments', { name: 'broken', ...OWNED });
        expect([broken.status, broken.body.message]).toEqual([403, expect.stringContaining('policy broken')]);
        const { repo, commit, s3 } = approved;
        const lora = vllm(approved, { args: ['--model', repo, '--revision', commit, '--lora-modules', `sql=${s3}`] });
        const warned = await ground().pod({ containers: [lora] }, { namespace: 'payments', metadata: OWNED });
        expect([warned.status, warned.warnings]).toEqual([201, [expect.stringMatching(/adapters are new here/)]]);
      });
    });
  },
  STORY,
);

interface WaiverRequest {
  readonly expires: number;
  readonly key?: string;
  readonly more?: readonly string[];
}

/** Signs a waiver on the command line, and puts it where the webhook reads waivers. */
async function waive(
  ground: Ground,
  name: string,
  { expires, key = 'sre', more = ['--reference', STRAY.hub] }: WaiverRequest,
) {
  const draft = join(ground.folder, `${name}.draft.json`);
  const about = ['--namespace', 'payments', '--outcome', 'unlisted', ...more];
  const who = ['--reason', 'incident 42', '--owner', 'sre-team', '--private-key', ground.file(`${key}.pem`)];
  const until = ['--expires', `${new Date(expires).toISOString().slice(0, 19)}Z`];
  need(await runCli(['attestation', 'create', '--type', 'break-glass', ...about, ...who, ...until, '-o', draft]));
  renameSync(draft, ground.file(`waivers/${name}.json`));
}

/** Puts bytes where the webhook reads waivers, atomically. */
function put(ground: Ground, name: string, bytes: string): void {
  writeFileSync(ground.file(`${name}.draft.json`), bytes);
  renameSync(ground.file(`${name}.draft.json`), ground.file(`waivers/${name}.json`));
}

/** A waiver that the command line cannot create: it has expired. */
async function endedWaiver(ground: Ground): Promise<string> {
  const now = Date.now();
  const statement = createStatement('break-glass', {
    namespaces: ['payments'],
    reference: STRAY.hub,
    outcomes: ['unlisted'],
    reason: 'incident 42',
    owner: 'sre-team',
    at: new Date(now - DAY_MS),
    expires: new Date(now - DAY_MS / 2),
  });
  const key = createPrivateKey(readFileSync(ground.file('sre.pem')));
  return JSON.stringify(await signStatement(statement, keySigner(key)));
}
