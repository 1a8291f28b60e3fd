import { beforeAll, describe, expect, it } from 'vitest';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { GROUND_PART, HOW_GROUND, hasGround, OWN_NAMESPACE } from './admission/chart.ts';
import { onGround } from './admission/ground.ts';
import {
  APPROVED,
  CODED,
  MIRROR,
  MIRRORED,
  type Model,
  REVOKED,
  STAGED,
  STRAY,
  TOOL_DIGEST,
} from './admission/models.ts';
import { podSpec, vllm } from './admission/sample.ts';

const NAMESPACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  enforced: { 'assay.dev/admission': 'enforce' },
  production: { 'assay.dev/admission': 'enforce', 'assay.dev/stage': 'production' },
  staging: { 'assay.dev/admission': 'enforce', 'assay.dev/stage': 'staging' },
  warned: { 'assay.dev/admission': 'warn' },
  audited: { 'assay.dev/admission': 'audit' },
  // An unknown mode is not treated as a weaker one.
  odd: { 'assay.dev/admission': 'disabled' },
  off: { 'assay.dev/admission': 'off' },
  free: {},
};

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'the rule of a namespace, on a real API server,',
  () => {
    // Opt-in by label, as in the default values of the chart.
    const ground = onGround({ kube: { audit: true }, values: ['gate.mode=opt-in'], config: {} });
    beforeAll(async () => {
      for (const [name, labels] of Object.entries(NAMESPACES)) await ground().kube.createNamespace(name, labels);
      // The webhook has received the last namespace.
      await until('the webhook knows the namespaces', async () => {
        return (await ground().pod(podSpec(STRAY), { namespace: 'audited', dryRun: true })).status === 201;
      });
    });
    const pod = (model: Model, namespace: string, more: object = {}) =>
      ground().pod({ containers: [vllm(model, more)] }, { namespace });
    const refusal = async (answer: ReturnType<typeof pod>) => {
      const { status, body } = await answer;
      return status === 403 ? String(body.message) : `${status}`;
    };

    describe('has a mode', () => {
      it('enforce, which refuses, also in a dry run, and a dry run stores nothing', async () => {
        const { kube, webhook } = ground();
        for (const namespace of ['enforced', 'odd']) expect((await pod(STRAY, namespace)).status).toBe(403);
        const yes = await ground().pod(podSpec(APPROVED), { namespace: 'enforced', dryRun: true });
        const no = await ground().pod(podSpec(STRAY), { namespace: 'enforced', dryRun: true });
        expect([yes.status, no.status]).toEqual([201, 403]);
        const { body } = await kube.request('GET', '/api/v1/namespaces/enforced/pods');
        expect(body.items).toEqual([]);
        // The log lines are written a little later than the answers.
        await expect
          .poll(() => webhook.records.slice(-2).map(({ dryRun, action }) => [dryRun, action]))
          .toEqual([
            [true, 'allow'],
            [true, 'deny'],
          ]);
      });

      it('warn, which admits with a warning to the client', async () => {
        const { status, warnings } = await pod(STRAY, 'warned');
        expect(status).toBe(201);
        expect(warnings).toEqual([expect.stringContaining(STRAY.hub)]);
        expect(warnings[0]).toContain('not approved');
      });

      it('audit, which admits without a warning, and writes to the audit log of the API server', async () => {
        const { status, warnings } = await pod(STRAY, 'audited', { name: 'audited-one' });
        expect([status, warnings]).toEqual([201, []]);
        const events = await eventsOf('audited', 201);
        const annotations = Object.assign({}, ...events.map((event) => event.annotations));
        expect(annotations).toMatchObject({
          'validate.admission.assay.dev/decision': 'audit',
          'validate.admission.assay.dev/mode': 'audit',
          'validate.admission.assay.dev/snapshot': '1',
        });
        expect(annotations['validate.admission.assay.dev/models']).toContain(`unlisted ${STRAY.hub}`);
      });

      it('whose refusals appear in the audit log, too', async () => {
        await pod(STRAY, 'staging');
        const [event] = await eventsOf('staging', 403);
        expect(event.annotations['validate.admission.assay.dev/decision']).toBe('deny');
      });

      it('off, in which the webhook is not called, as without a label and in its own namespace', async () => {
        const before = await ground().webhook.answered();
        for (const namespace of ['free', 'off', OWN_NAMESPACE, 'kube-system'])
          expect((await pod(STRAY, namespace)).status).toBe(201);
        expect(await ground().webhook.answered()).toBe(before);
      });

      it('that changes as soon as the API server reports the changed label', async () => {
        const { kube } = ground();
        await kube.createNamespace('moving', { 'assay.dev/admission': 'warn' });
        await until('the namespace is known', async () => (await pod(STRAY, 'moving')).status === 201);
        const before = listings();
        for (const [mode, wanted] of [
          ['enforce', 403],
          ['audit', 201],
          ['enforce', 403],
        ] as const) {
          const labels = { 'assay.dev/admission': mode };
          await kube.request('PATCH', '/api/v1/namespaces/moving', { metadata: { labels } });
          await until('the label takes effect', async () => (await pod(STRAY, 'moving')).status === wanted);
        }
        // The webhook received the change by its watch, and did not list namespaces again.
        expect(before).toBeGreaterThan(0);
        expect(listings()).toBe(before);
      });
    });

    describe('decides on', () => {
      it('the stage of the namespace', async () => {
        expect(await refusal(pod(STAGED, 'production'))).toMatch(/approved for staging, not for production/);
        expect((await pod(STAGED, 'staging')).status).toBe(201);
        expect((await pod(APPROVED, 'production')).status).toBe(201);
      });

      it('a denied model, with its report in the message', async () => {
        const message = await refusal(pod(REVOKED, 'enforced'));
        expect(message).toContain('it was revoked: its tokenizer runs code');
        expect(message).toContain(`https://assay.example/models/${REVOKED.repo}/1`);
      });

      it('the same name on another server as another model', async () => {
        const from = (value: string) => ({ env: [{ name: 'HF_ENDPOINT', value }] });
        const message = await refusal(pod(APPROVED, 'enforced', from('https://hub.stray.example')));
        expect(message).toContain(`${APPROVED.hub} from https://hub.stray.example is not approved`);
        expect(message).toContain('HF_ENDPOINT=https://hub.stray.example assay approve');
        expect((await pod(MIRRORED, 'enforced', from(`${MIRROR}/`))).status).toBe(201);
        expect(await refusal(pod(MIRRORED, 'enforced'))).toContain('the snapshot does not list it');
      });

      it('remote code, which runs only where it was approved, at the approved revision', async () => {
        const args = ({ repo, commit }: Model, ...more: string[]) => ({
          args: ['--model', repo, '--revision', commit, '--trust-remote-code', ...more],
        });
        expect(await refusal(pod(APPROVED, 'enforced', args(APPROVED)))).toContain('approved without its own code');
        expect((await pod(CODED, 'enforced', args(CODED))).status).toBe(201);
        expect((await pod(CODED, 'enforced', args(CODED, '--code-revision', CODED.commit))).status).toBe(201);
        expect(await refusal(pod(CODED, 'enforced', args(CODED, '--code-revision', 'main')))).toMatch(
          /code revision main/,
        );
      });

      it('a cache that others can write as unverified', async () => {
        const offline = { env: [{ name: 'HF_HUB_OFFLINE', value: '1' }] };
        expect(await refusal(pod(APPROVED, 'enforced', offline))).toMatch(/HF_HUB_OFFLINE/);
      });

      it('a Pod without a model, which production admits by its image only', async () => {
        const tool = (image: string) => ({ containers: [{ name: 'tool', image }] });
        const run = (image: string, namespace: string) => ground().pod(tool(image), { namespace });
        expect(await refusal(run('ghcr.io/acme/tool:1', 'production'))).toMatch(
          /ghcr\.io\/acme\/tool:1, which is not named by its digest/,
        );
        expect(await refusal(run(`ghcr.io/acme/tool@sha256:${'0'.repeat(64)}`, 'production'))).toMatch(
          /which is not approved/,
        );
        expect((await run(`ghcr.io/acme/tool@${TOOL_DIGEST}`, 'production')).status).toBe(201);
        expect((await run('ghcr.io/acme/tool:1', 'enforced')).status).toBe(201);
      });

      it('a Pod of any owner and with any container name', async () => {
        const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'llm', uid: 'b1e0', controller: true };
        const owned = ground().pod(podSpec(STRAY), { namespace: 'enforced', metadata: { ownerReferences: [owner] } });
        expect(await refusal(owned)).toContain(STRAY.hub);
        for (const name of ['storage-initializer', 'assay-fetch', 'modelcar', 'istio-proxy', 'queue-proxy']) {
          expect(await refusal(pod(STRAY, 'enforced', { name }))).toContain(STRAY.hub);
        }
        const spec = { initContainers: [vllm(STRAY, { name: 'assay-fetch' })], containers: [vllm(APPROVED)] };
        expect(await refusal(ground().pod(spec, { namespace: 'enforced' }))).toContain(STRAY.hub);
      });

      it('objects of 3 MB', async () => {
        const filler = Array.from({ length: 29 }, (_, i) => ({ name: `FILL_${i}`, value: 'x'.repeat(100_000) }));
        for (const [model, wanted] of [
          [APPROVED, 201],
          [STRAY, 403],
        ] as const) {
          // The model is the last container.
          const spec = { containers: [{ name: 'filler', image: 'ghcr.io/acme/x:1', env: filler }, vllm(model)] };
          expect(JSON.stringify(spec).length).toBeGreaterThan(2_900_000);
          const { status, body } = await ground().pod(spec, { namespace: 'enforced', dryRun: true });
          expect(status, body.message).toBe(wanted);
          if (wanted === 403) expect(body.message).toContain(STRAY.hub);
        }
      });
    });

    /** The number of times that the webhook listed namespaces. */
    function listings(): number {
      const events = ground().kube.auditEvents();
      return events.filter(({ verb, objectRef, user }) => {
        return verb === 'list' && objectRef?.resource === 'namespaces' && user.username.endsWith(':gate');
      }).length;
    }

    async function eventsOf(namespace: string, code: number) {
      const all = () =>
        ground()
          .kube.auditEvents()
          .filter(({ objectRef, responseStatus, verb, stage }) => {
            const isIt = objectRef?.resource === 'pods' && objectRef.namespace === namespace && verb === 'create';
            return isIt && responseStatus?.code === code && stage === 'ResponseComplete';
          });
      await until('the audit log contains it', async () => all().length > 0);
      return all();
    }
  },
  STORY,
);
