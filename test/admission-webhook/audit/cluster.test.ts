import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster, openKube } from '../../../admission-webhook/src/index.ts';
import { hasKube, KUBE_HOW, type KubeObject, ML_KINDS, type RunningKube, startKube } from '../../support/kube/index.ts';
import { requirePart, STORY } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { approved } from '../decide/support.ts';
import { auditReport, BAD, GOOD, line, pod, runAudit, snapshotFlags, workload } from './ground.ts';

const folder = tempFolder();

requirePart(
  'API server',
  hasKube,
  KUBE_HOW,
  'an audit of a cluster',
  () => {
    let kube: RunningKube;
    let flags: readonly string[];

    beforeAll(async () => {
      kube = await startKube({ users: [{ name: 'alice' }] });
      const served = ['InferenceService', 'LocalModelCache', 'TrainedModel'];
      await kube.installCrds(ML_KINDS.filter(({ kind }) => served.includes(kind)));
      flags = [...(await snapshotFlags(folder, [approved(GOOD)])), '--kubeconfig', kube.kubeconfig()];
      await kube.createNamespace('prod', { 'assay.dev/stage': 'production', 'assay.dev/admission': 'enforce' });
      await kube.createNamespace('team', { 'assay.dev/admission': 'warn' });
      await kube.createNamespace('free', { 'assay.dev/admission': 'off' });
      await fill();
    });

    afterAll(() => kube.stop());

    async function make(object: KubeObject) {
      const { status, body } = await kube.create(object);
      if (status !== 201) throw new Error(JSON.stringify(body));
      return { kind: object.kind, name: String(body.metadata.name), uid: String(body.metadata.uid) };
    }

    async function fill(): Promise<void> {
      // A Deployment with everything that its controllers create, and the old ReplicaSet kept for a rollback.
      for (const [namespace, model] of [['prod', GOOD] as const, ['team', BAD] as const]) {
        const owner = await make(workload('Deployment', { namespace, name: 'llm' }, model));
        const set = await make(workload('ReplicaSet', { namespace, name: 'llm-1', owner }, model));
        await make(workload('ReplicaSet', { namespace, name: 'llm-0', owner }, BAD, 0));
        for (const name of ['llm-1-a', 'llm-1-b']) await make(pod({ namespace, name, owner: set }, model));
        // Claims to come from the same ReplicaSet, and loads something else.
        await make(pod({ namespace, name: 'stowaway', owner: set }, `hf://acme/third@${'c'.repeat(40)}`));
      }
      await make(pod({ namespace: 'prod', name: 'silent' }, null, 'registry.example/tool:1'));
      await make(pod({ namespace: 'free', name: 'unseen' }, BAD));
      await make(pod({ namespace: 'kube-system', name: 'system' }, BAD));
      await make(pod({ namespace: 'team', name: 'over' }, BAD));
      const ended = { status: { phase: 'Succeeded' } };
      await kube.request('PATCH', '/api/v1/namespaces/team/pods/over/status', ended);
      const spec = { predictor: { model: { storageUri: BAD } } };
      const group = 'serving.kserve.io';
      await make({
        apiVersion: `${group}/v1beta1`,
        kind: 'InferenceService',
        metadata: { name: 'isvc', namespace: 'team' },
        spec,
      });
      // These are served in versions that the server does not prefer, and one is cluster-scoped.
      const trained = { model: { storageUri: GOOD } };
      await make({
        apiVersion: `${group}/v1alpha1`,
        kind: 'TrainedModel',
        metadata: { name: 'tm', namespace: 'team' },
        spec: trained,
      });
      const cache = { sourceModelUri: BAD };
      await make({ apiVersion: `${group}/v1alpha1`, kind: 'LocalModelCache', metadata: { name: 'lmc' }, spec: cache });
    }

    it('lists each object that would be refused once, also in namespaces that only warn', async () => {
      const { code, report } = await auditReport(flags);
      expect(report.objects.map(line)).toEqual([
        'deny -/LocalModelCache/lmc',
        'deny prod/Pod/silent',
        'deny prod/Pod/stowaway',
        'deny team/Deployment/llm +3',
        'deny team/InferenceService/isvc',
        'deny team/Pod/stowaway',
        'allow prod/Deployment/llm +3',
        'allow team/TrainedModel/tm',
      ]);
      expect(code).toBe(1);
      expect(report).toMatchObject({
        from: kube.server,
        complete: true,
        problems: [],
        snapshot: { version: 7, expired: false },
        totals: { objects: 19, under: 6, finished: 3, off: 2, deny: 6, warn: 0, audit: 0, allow: 2 },
      });
      expect(report.namespaces).toEqual([
        { name: null, mode: 'enforce', stage: null, allow: 0, audit: 0, warn: 0, deny: 1 },
        { name: 'prod', mode: 'enforce', stage: 'production', allow: 1, audit: 0, warn: 0, deny: 2 },
        { name: 'team', mode: 'warn', stage: null, allow: 1, audit: 0, warn: 0, deny: 3 },
      ]);
      const stowaway = report.objects.find(({ name, namespace }) => name === 'stowaway' && namespace === 'prod');
      expect(stowaway).toMatchObject({ owner: 'ReplicaSet llm-1', rulings: [{ outcome: 'unlisted' }] });
    });

    it('prints a report for people', async () => {
      const { code, stdout, stderr } = await runAudit(flags);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(stdout).toMatch(/^asked +https:\/\/127\.0\.0\.1:\d+\nsnapshot +version 7 from /);
      expect(stdout).toMatch(/NAMESPACE +NOW +STAGE +LET THROUGH +WARNED +REFUSED\n\(none\) /);
      expect(stdout).toMatch(/\nteam +warn +any +1 +0 +3\n/);
      expect(stdout).toMatch(/\nrefused +Deployment team\/llm and 3 that it led to\n +unlisted: .*acme\/other/);
      expect(stdout).toMatch(/Pod prod\/stowaway of ReplicaSet llm-1, which does not contain this/);
      expect(stdout).not.toMatch(/unseen|over\b|tm\b/);
      expect(stdout).toMatch(
        /19 objects · 6 would be refused · 0 warned · 6 created by others · 3 finished\n2 in namespaces with the webhook off\n\d+ of \d+ containers are ready · [\s\S]*$/,
      );
    });

    it('checks only the given namespaces, and reports one that does not exist', async () => {
      const { code, report } = await auditReport([...flags, '-n', 'prod']);
      expect([code, report.complete, report.totals.objects]).toEqual([1, true, 7]);
      const unknown = await auditReport([...flags, '-n', 'elsewhere']);
      expect(unknown.code).toBe(2);
      expect(unknown.report.problems).toEqual([
        { subject: 'namespace elsewhere', message: 'the namespace does not exist', mend: 'check --in-namespace' },
      ]);
    });

    it('applies a configuration', async () => {
      const config = join(folder, 'admission.yaml');
      const spec = ['spec:', '  namespaces:', '  - names: [team]', '    actions: { unlisted: warn }'];
      writeFileSync(config, ['apiVersion: assay.dev/v1', 'kind: AdmissionConfig', ...spec, ''].join('\n'));
      const { code, report } = await auditReport([...flags, '-n', 'team', '--config', config]);
      expect([code, report.totals.deny, report.totals.warn]).toEqual([0, 0, 3]);
    });

    it('names the resources that it cannot list, and reports the rest', async () => {
      await kube.grant('alice', [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] }]);
      const mine = [...flags.slice(0, 4), '--kubeconfig', kube.kubeconfig('alice')];
      const { code, report } = await auditReport(mine);
      expect(code).toBe(1);
      expect(report.complete).toBe(false);
      // Without the labels of namespaces, each namespace is enforced, for any stage.
      expect(report.objects.map(line)).toEqual(['deny team/Deployment/llm', 'allow prod/Deployment/llm']);
      const subjects = report.problems.map(({ subject }) => subject);
      expect(subjects).toEqual(expect.arrayContaining(['namespaces', 'pods', 'replicasets.apps', 'jobs.batch']));
      expect(subjects).toContain('inferenceservices.serving.kserve.io');
      expect(report.problems.find(({ subject }) => subject === 'pods')).toMatchObject({
        message: expect.stringMatching(/pods is forbidden: User "alice" cannot list resource "pods"/),
        mend: expect.stringMatching(/Role/),
      });
      const [allowed] = [await auditReport([...mine, '-n', 'prod'])];
      expect(allowed.code).toBe(2);
      expect((await runAudit(mine)).stdout).toMatch(/\nNOT SEEN +pods: https.*\n(.*\n)*.*INCOMPLETE/);
    });

    it('checks 3,000 objects', async () => {
      await kube.createNamespace('many');
      for (let from = 0; from < 3000; from += 60) {
        const some = Array.from({ length: 60 }, (_, index) => `p${from + index}`);
        await Promise.all(some.map((name) => make(pod({ namespace: 'many', name }, GOOD))));
      }
      const { code, report } = await auditReport([...flags, '-n', 'many']);
      expect([code, report.totals.allow, report.totals.deny]).toEqual([0, 3000, 0]);
    });

    it('stops when the API server does not answer, and says so', async () => {
      const client = await openKube({ kubeconfig: kube.kubeconfig() });
      const source = await openCluster(client, []);
      await kube.down();
      const seen: unknown[] = [];
      for await (const one of source.objects()) seen.push(one);
      expect(seen).toEqual([]);
      expect(source.problems()).toEqual([
        expect.objectContaining({ message: expect.stringMatching(/refuses the connection|cannot be reached/) }),
      ]);
      await client.close();
      const { code, stdout, stderr } = await runAudit(flags);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /^assay: https:\S+ refuses the connection; check that the cluster runs, and its address\n$/,
      );
      await kube.up();
    });
  },
  STORY,
);
