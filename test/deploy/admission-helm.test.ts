import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readAdmissionConfig } from '../../admission-webhook/src/config/index.ts';
import { parseConfigMapPlace, parseSnapshotPlace } from '../../admission-webhook/src/snapshot-feed/place.ts';
import { registerAdmit } from '../../src/cli/commands/admit/command.ts';
import { type AdmitFlags, serveOf } from '../../src/cli/commands/admit/flags.ts';
import { FIELDS } from '../../src/workload/table/fields.ts';
import { POD_SPECS } from '../../src/workload/table/pod-specs.ts';
import { ROOT } from '../cli/run-cli.ts';
import { type KubeObject, ML_KINDS } from '../support/kube/index.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { AT, CHART, FIRST_LOOK, FOREIGN, HELM, HELM_HOW, hasHelm, objectsOf, render, WAYS } from './admission-chart.ts';

const python = findPython();
const hasSchemas =
  python !== undefined && spawnSync(python, ['-c', 'import kubernetes_validate'], { stdio: 'ignore' }).status === 0;
const HOW = `${HELM_HOW} and .venv/bin/pip install kubernetes-validate==1.37.0`;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly scope: string;
}

interface Webhook {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly [field: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of any shape
type Any = any;

const ofKind = (objects: readonly KubeObject[], kind: string): Any[] => objects.filter((one) => one.kind === kind);
const webhooksOf = (objects: readonly KubeObject[]): Webhook[] =>
  objects.flatMap(({ kind, webhooks }) => (/WebhookConfiguration$/.test(kind) ? (webhooks as Webhook[]) : []));

/** The option group that `assay admit` parses. */
function parsed(args: readonly string[]): ReturnType<typeof serveOf> {
  const program = new Command();
  const nothing = { write: () => true };
  registerAdmit(program, {
    args: [],
    env: {},
    stdout: nothing,
    stderr: nothing,
    signal: new AbortController().signal,
    exit: () => {},
  });
  const admit = program.commands.find((command) => command.name() === 'admit');
  const taken: ReturnType<typeof serveOf>[] = [];
  admit?.exitOverride().configureOutput({ writeErr: () => {} });
  admit?.action((flags: AdmitFlags) => void taken.push(serveOf(flags)));
  program.exitOverride().parse([...args], { from: 'user' });
  const [options] = taken;
  if (options === undefined) throw new Error('nothing was asked');
  return options;
}

/** Kubernetes' own kinds of the tables; the plurals of other kinds are those of the CRDs that tests install. */
const PLURALS: Readonly<Record<string, string>> = {
  Pod: 'pods',
  PodTemplate: 'podtemplates',
  ReplicationController: 'replicationcontrollers',
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
  ReplicaSet: 'replicasets',
  Job: 'jobs',
  CronJob: 'cronjobs',
};
const LABELLED = [...POD_SPECS, ...FIELDS].flatMap(({ group, kinds }) => kinds.map((kind) => ({ group, kind })));

requirePart('Helm, and the schemas of Kubernetes', hasHelm && hasSchemas, HOW, "the webhook's chart", () => {
  it('asks who the API server is, with the values for production', () => {
    const production = (...values: string[]) => render(values, ['values-production.yaml']);
    expect(() => production()).toThrow(/name clients\.caConfigMap or clients\.tokenSecret/);
    const [deployment] = ofKind(production('clients.caConfigMap=ca', 'clients.names={kube-apiserver}'), 'Deployment');
    const { args } = deployment.spec.template.spec.containers[0];
    expect(args).toEqual(
      expect.arrayContaining(['--client-ca=/etc/assay/client-ca/ca.crt', '--client-name=kube-apiserver']),
    );
    expect(args).toEqual(expect.arrayContaining([expect.stringMatching(/^--snapshot=https:/)]));
  });

  it('asks the service for newer snapshots by default, also in production, and a ConfigMap only for a first look', () => {
    const placeOf = (objects: readonly KubeObject[]) => {
      const [deployment] = ofKind(objects, 'Deployment');
      const { args } = deployment.spec.template.spec.containers[0];
      return args.find((arg: string) => arg.startsWith('--snapshot='));
    };
    expect(placeOf(render([]))).toBe('--snapshot=https://assay.assay.svc');
    expect(placeOf(render(['clients.tokenSecret=x'], ['values-production.yaml']))).toBe(
      '--snapshot=https://assay.assay.svc',
    );
    const first = render([], ['values-first-look.yaml']);
    expect(first).toEqual(render(FIRST_LOOK));
    expect(placeOf(first)).toBe('--snapshot=configmap://assay/assay-snapshot/snapshot.json');
  });

  it('lets in the API server from private networks, or from those that are named', () => {
    const from = (...values: string[]) => {
      const [policy] = ofKind(render(values), 'NetworkPolicy');
      const [webhook] = policy.spec.ingress;
      return (webhook.from ?? []).map(({ ipBlock }: Any) => ipBlock.cidr);
    };
    expect(from()).toEqual(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']);
    expect(from('networkPolicy.apiServerFrom[0].ipBlock.cidr=1.2.3.4/32')).toEqual(['1.2.3.4/32']);
  });

  it('passes helm lint', () => {
    const { status, stdout } = spawnSync(HELM, ['lint', '--strict', '--kube-version', '1.34.0', CHART], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('0 chart(s) failed');
    expect(status).toBe(0);
  });

  it.each([
    ['gate.mode=all', /mode/],
    ['gate.failurePolicy=Maybe', /failurePolicy/],
    ['gate.timeoutSeconds=31', /timeoutSeconds/],
    ['gate.extraRules[0].operations={DELETE}', /operations/],
    ['snapshot.from=ftp://x', /from/],
    ['replicas=0', /replicas/],
    ['tls.mode=existing', /tls.existingSecret/],
    ['breakGlass.waiversConfigMap=w', /breakGlass.trustConfigMap/],
    ['unknown=1', /unknown/],
  ])('refuses the values %s', (value, why) => {
    const { status, stderr } = spawnSync(HELM, ['template', CHART, ...AT, '--set', value], { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(why);
  });

  describe.each(Object.entries(WAYS))('%s', (_, values) => {
    let objects: KubeObject[] = [];
    beforeAll(() => {
      objects = render(values);
    });

    it.each(['1.31', '1.34'])('conforms to the schemas of Kubernetes %s, without unknown fields', (version) => {
      const path = join(tempFolder(), 'manifests.yaml');
      const own = objects.filter(({ kind }) => !FOREIGN.has(kind));
      writeFileSync(path, own.map((object) => JSON.stringify(object)).join('\n---\n'));
      const check = spawnSync(python ?? '', ['-m', 'kubernetes_validate', '--strict', '-k', version, path], {
        encoding: 'utf8',
      });
      expect(`${check.stdout}${check.stderr}`).not.toMatch(/ERROR/);
      expect(check.status).toBe(0);
    });

    it('has unique object names', () => {
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata?.namespace ?? ''}/${metadata?.name}`);
      expect(new Set(names).size).toBe(names.length);
    });

    it('passes only options that the program accepts', () => {
      const [deployment] = ofKind(objects, 'Deployment');
      const [container] = deployment.spec.template.spec.containers;
      const options = parsed(container.args);
      expect(parseSnapshotPlace(options.webhook.snapshot.from)).toHaveProperty('kind');
      expect(parseConfigMapPlace(options.webhook.snapshot.floor ?? '')).toEqual({
        namespace: 'assay',
        name: 'assay-admission-floor',
      });
      expect(options.listen.port).toBe(8443);
      // The program ends by itself before the Pod is terminated.
      expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(options.drainSeconds + 10);
      // Every file among the options is in a mounted folder of an existing volume.
      const folders: string[] = container.volumeMounts.map(({ mountPath }: Any) => mountPath);
      const files = container.args.flatMap((arg: string) => /=(\/.*)$/.exec(arg)?.[1] ?? []);
      for (const file of files)
        expect(folders.some((folder) => file === folder || file.startsWith(`${folder}/`))).toBe(true);
      const volumes = deployment.spec.template.spec.volumes.map(({ name }: Any) => name);
      expect(volumes.sort()).toEqual(container.volumeMounts.map(({ name }: Any) => name).sort());
    });

    it('has a configuration that the program accepts', () => {
      const config = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === 'assay-admission-config');
      expect(() => readAdmissionConfig(config.data['admission.yaml'], 'admission.yaml')).not.toThrow();
    });

    it('runs without root, read-only, with limits, and on more than one node', () => {
      const [{ spec }] = ofKind(objects, 'Deployment');
      const pod = spec.template.spec;
      expect(spec.replicas).toBeGreaterThanOrEqual(2);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.topologySpreadConstraints).toHaveLength(2);
      expect(pod.containers).toHaveLength(1);
      const [container] = pod.containers;
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.limits).toHaveProperty('memory');
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
        expect(container[probe].httpGet.port).toBe('metrics');
    });

    it('fails closed after three seconds, and is not asked about deletions', () => {
      const webhooks = webhooksOf(objects);
      expect(webhooks.length).toBeGreaterThan(0);
      for (const webhook of webhooks) {
        expect(webhook).toMatchObject({
          failurePolicy: 'Fail',
          timeoutSeconds: 3,
          sideEffects: 'None',
          matchPolicy: 'Equivalent',
          admissionReviewVersions: ['v1'],
        });
        if (webhook.name.startsWith('mutate')) expect(webhook.reinvocationPolicy).toBe('IfNeeded');
        for (const { operations, resources } of webhook.rules) {
          for (const operation of operations) expect(['CREATE', 'UPDATE']).toContain(operation);
          for (const resource of resources) expect(resource).not.toMatch(/\*|\/(?!ephemeralcontainers$)/);
        }
      }
    });

    it('has few permissions, on named objects only', () => {
      for (const { kind, metadata, rules } of objects as readonly Any[]) {
        if (!/^(?:Cluster)?Role$/.test(kind) || metadata.name.endsWith('-guard')) continue;
        for (const rule of rules) {
          expect(JSON.stringify(rule)).not.toContain('*');
          if (rule.resources.includes('namespaces')) expect(rule.verbs).toEqual(['list', 'watch']);
          else expect(rule.resourceNames).toHaveLength(1);
          for (const verb of ['create', 'delete', 'escalate', 'bind']) expect(rule.verbs).not.toContain(verb);
        }
      }
    });
  });

  it('registers every kind of the tables', () => {
    const webhooks = webhooksOf(render(['gate.mode=all-except', 'mutation.enabled=true']));
    for (const path of ['validate', 'mutate']) {
      const rules = webhooks.filter(({ name }) => name.startsWith(path)).flatMap((webhook) => webhook.rules);
      for (const { group, kind } of LABELLED) {
        const ml = ML_KINDS.find((one) => one.group === group && one.kind === kind);
        const plural = ml?.plural ?? PLURALS[kind];
        const [scope, name] = [ml?.scope ?? 'Namespaced', `${group}/${plural} (${kind})`];
        const found = rules.filter((rule) => rule.apiGroups.includes(group) && rule.resources.includes(plural ?? '?'));
        expect({ name, found }).toMatchObject({ name, found: [{ operations: ['CREATE', 'UPDATE'], scope }] });
      }
      expect(rules).toContainEqual(
        expect.objectContaining({ resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] }),
      );
    }
  });

  it('accepts the configuration in its documentation', () => {
    const guide = readFileSync(join(ROOT, 'docs/admission.md'), 'utf8');
    const [block = ''] = /(?<=\n\n) {4}apiVersion: .*\n(?: {4}.*\n)+/.exec(guide) ?? [];
    const file = block.replace(/^ {4}/gm, '');
    const [, spec = ''] = file.split('spec:\n');
    const values = join(tempFolder(), 'values.yaml');
    writeFileSync(values, `config:\n${spec}`);
    const { status, stdout } = spawnSync(HELM, ['template', CHART, ...AT, '--values', values], { encoding: 'utf8' });
    expect(status).toBe(0);
    const config = objectsOf(stdout).find(({ metadata }) => String(metadata?.name).endsWith('-config'));
    const read = readAdmissionConfig(Object(config?.data)['admission.yaml'], 'admission.yaml');
    expect(JSON.stringify(read)).toBe(JSON.stringify(readAdmissionConfig(file, 'admission.yaml')));
    expect(read.namespaces).toHaveLength(2);
    expect(read.mutation.pin).toBe('annotate');
    expect(read.defaults.actions).toEqual({ unresolved: 'warn', expired: 'deny' });
  });

  it('has alerts and a dashboard for existing metrics only', () => {
    const source = readFileSync(join(ROOT, 'admission-webhook/src/server/metrics.ts'), 'utf8');
    const names = new Set([
      ...[...source.matchAll(/'(assay_admission_\w+)'/g)].map(([, name]) => name),
      ...[...source.matchAll(/gauge\('(\w+)'/g)].map(([, name]) => `assay_admission_${name}`),
    ]);
    const alerts = readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8');
    const dashboard = readFileSync(join(CHART, 'files/dashboard.json'), 'utf8');
    const asked = new Set(`${alerts}${dashboard}`.match(/assay_admission_\w+/g));
    expect(asked.size).toBeGreaterThan(10);
    for (const name of asked) expect(names).toContain(name.replace(/_bucket$/, ''));
    for (const alert of parse(alerts))
      expect(alert).toMatchObject({ alert: expect.stringMatching(/^AssayAdmission/), labels: {}, annotations: {} });
  });
});
