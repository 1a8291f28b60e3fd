import { beforeAll, describe, expect, it } from 'vitest';
import type { KubeAnswer } from '../support/kube/index.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { until } from '../support/until.ts';
import { GROUND_PART, HOW_GROUND, hasGround } from './admission/chart.ts';
import { onGround } from './admission/ground.ts';
import { APPROVED, type Model, modelOf, REVOKED, STRAY } from './admission/models.ts';
import { LABELS, podSpec, template, vllm } from './admission/sample.ts';

const NAMESPACE = 'ml';
const OTHER = modelOf('stray', 'other');
const LABEL = 'assay.dev/admission';
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' };

// Workloads from before the webhook must stay editable, scalable and deletable; no new model gets in with them.
requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'an existing object on a real API server',
  () => {
    const ground = onGround({ values: ['gate.mode=opt-in'], config: {} });
    const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
    const deployments = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;

    beforeAll(async () => {
      const { kube } = ground();
      await kube.createNamespace(NAMESPACE, { [LABEL]: 'off' });
      const made = [
        ...['plain', 'doomed'].map((name) =>
          pod(name, STRAY, name === 'doomed' ? { finalizers: ['acme.example/keep'] } : {}),
        ),
        pod('good', APPROVED),
        pod('revoked', REVOKED),
        deployment('llm', STRAY),
        large('large', STRAY),
      ];
      await kube.createAll(made, { namespace: NAMESPACE });
      await kube.request('PATCH', `/api/v1/namespaces/${NAMESPACE}`, { metadata: { labels: { [LABEL]: 'enforce' } } });
      await until('the webhook enforces', async () => {
        return (await kube.create(pod('probe', STRAY), { namespace: NAMESPACE, dryRun: true })).status === 403;
      });
    });

    const patch = (path: string, body: object, options = {}) => ground().kube.request('PATCH', path, body, options);
    const told = ({ status, body }: KubeAnswer) => (status === 403 ? String(body.message) : `${status}`);

    describe('is admitted when its models do not change:', () => {
      it.each([
        ['labels', { metadata: { labels: { team: 'a' } } }],
        ['annotations', { metadata: { annotations: { note: 'x' } } }],
        ['finalizers', { metadata: { finalizers: ['acme.example/wait'] } }],
        ['no finalizers', { metadata: { finalizers: [] } }],
      ])('%s of a Pod and of a Deployment change', async (_, body) => {
        for (const path of [`${pods}/plain`, `${deployments}/llm`]) expect(told(await patch(path, body))).toBe('200');
      });

      it('its replicas change, directly and through the scale subresource', async () => {
        const { status, warnings } = await patch(`${deployments}/llm`, { spec: { replicas: 3 } });
        expect(status).toBe(200);
        expect(warnings).toEqual([expect.stringMatching(/unchanged, so it is not refused/)]);
        expect(warnings[0]).toContain(STRAY.hub);
        const before = await ground().webhook.answered();
        expect(told(await patch(`${deployments}/llm/scale`, { spec: { replicas: 5 } }))).toBe('200');
        expect(await ground().webhook.answered()).toBe(before);
      });

      it('anything else in a large object changes, of which the review contains two copies', async () => {
        const { status, warnings } = await patch(`${pods}/large`, { metadata: { annotations: { note: 'z' } } });
        expect([status, warnings]).toEqual([200, [expect.stringContaining(STRAY.hub)]]);
      });

      it('its status changes', async () => {
        const before = await ground().webhook.answered();
        expect(told(await patch(`${pods}/plain/status`, { status: { phase: 'Running' } }))).toBe('200');
        expect(told(await patch(`${deployments}/llm/status`, { status: { replicas: 5 } }))).toBe('200');
        expect(await ground().webhook.answered()).toBe(before);
      });

      it('its memory changes', async () => {
        const containers = [{ name: 'server', resources: { limits: { memory: '8Gi' } } }];
        const body = { spec: { template: { spec: { containers } } } };
        expect(told(await patch(`${deployments}/llm`, body, STRATEGIC))).toBe('200');
      });
    });

    describe('is judged when its models change:', () => {
      const withArgs = (model: Model) => ({ spec: { template: { spec: { containers: [vllm(model)] } } } });

      it('to an unapproved model', async () => {
        expect(told(await patch(`${deployments}/llm`, withArgs(OTHER), STRATEGIC))).toContain(OTHER.hub);
      });

      it('to another environment of an unapproved model', async () => {
        const env = [{ name: 'LOG_LEVEL', value: 'debug' }];
        const body = { spec: { template: { spec: { containers: [{ name: 'server', env }] } } } };
        expect(told(await patch(`${deployments}/llm`, body, STRATEGIC))).toContain(STRAY.hub);
      });

      it('to another server for the same name', async () => {
        const env = [{ name: 'HF_ENDPOINT', value: 'https://hub.stray.example' }];
        const body = { spec: { template: { spec: { containers: [{ name: 'server', env }] } } } };
        expect(told(await patch(`${deployments}/llm`, body, STRATEGIC))).toContain('https://hub.stray.example');
      });

      it('to remote code that did not run before', async () => {
        const args = ['--model', STRAY.repo, '--revision', STRAY.commit, '--trust-remote-code'];
        const body = { spec: { template: { spec: { containers: [{ name: 'server', args }] } } } };
        expect(told(await patch(`${deployments}/llm`, body, STRATEGIC))).toContain(STRAY.hub);
      });

      it('to a second model beside the existing one', async () => {
        const body = { spec: { template: { spec: { containers: [vllm(OTHER, { name: 'second' })] } } } };
        expect(told(await patch(`${deployments}/llm`, body, STRATEGIC))).toContain(OTHER.hub);
      });

      it('by the image of a Pod that contains the model', async () => {
        const body = {
          spec: { containers: [{ name: 'server', image: `${STRAY.image.replace('llama@', 'llama-modelcar@')}` }] },
        };
        expect(told(await patch(`${pods}/good`, body, STRATEGIC))).toMatch(/llama-modelcar@/);
      });

      it('to an approved model', async () => {
        const { status, warnings } = await patch(`${deployments}/llm`, withArgs(APPROVED), STRATEGIC);
        expect([status, warnings]).toEqual([200, []]);
        // The way back is refused.
        expect(told(await patch(`${deployments}/llm`, withArgs(STRAY), STRATEGIC))).toContain(STRAY.hub);
      });

      it('and keeps a denied model, with a warning, as long as nothing else changes', async () => {
        const { status, warnings } = await patch(`${pods}/revoked`, { metadata: { annotations: { note: 'y' } } });
        expect(status).toBe(200);
        expect(warnings).toEqual([expect.stringContaining('it was revoked')]);
      });
    });

    describe('with an ephemeral container', () => {
      const debug = (model: Model | undefined, name: string) =>
        patch(
          `${pods}/good/ephemeralcontainers`,
          {
            spec: {
              ephemeralContainers: [model === undefined ? { name, image: 'busybox:1' } : vllm(model, { name })],
            },
          },
          STRATEGIC,
        );

      it('is judged, since this is an update of a Pod', async () => {
        expect(told(await debug(STRAY, 'stray'))).toContain(STRAY.hub);
        expect(told(await debug(APPROVED, 'approved'))).toBe('200');
        expect(told(await debug(undefined, 'shell'))).toBe('200');
        const { body } = await ground().kube.request('GET', `${pods}/good`);
        const names = body.spec.ephemeralContainers.map(({ name }: { name: string }) => name);
        expect(names.sort()).toEqual(['approved', 'shell']);
      });
    });

    describe('that is deleted', () => {
      it('is not reviewed', async () => {
        const before = await ground().webhook.answered();
        const { status } = await ground().kube.request('DELETE', `${pods}/plain`);
        expect(status).toBe(200);
        expect(await ground().webhook.answered()).toBe(before);
      });

      it('can lose its finalizers, and is then removed', async () => {
        const { kube } = ground();
        expect((await kube.request('DELETE', `${pods}/doomed?gracePeriodSeconds=0`)).status).toBe(200);
        expect((await kube.request('GET', `${pods}/doomed`)).body.metadata.deletionTimestamp).toBeDefined();
        expect(told(await patch(`${pods}/doomed`, { metadata: { finalizers: null } }))).toBe('200');
        expect((await kube.request('GET', `${pods}/doomed`)).status).toBe(404);
      });
    });
  },
  STORY,
);

function pod(name: string, model: Model, metadata: object = {}) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: podSpec(model) };
}

/** The largest size that etcd accepts. */
function large(name: string, model: Model) {
  const env = Array.from({ length: 13 }, (_, i) => ({ name: `FILL_${i}`, value: 'x'.repeat(100_000) }));
  const containers = [{ name: 'filler', image: 'ghcr.io/acme/x:1', env }, vllm(model)];
  return { ...pod(name, model), spec: { containers } };
}

function deployment(name: string, model: Model) {
  const spec = { replicas: 1, selector: { matchLabels: LABELS }, template: template(podSpec(model)) };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
}
