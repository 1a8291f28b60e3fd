import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { MAIN } from '../cli/run-cli.ts';
import { entry, signed, writer } from '../snapshot/samples.ts';
import { freePort } from '../support/free-port.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../support/kube/index.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { FIRST_LOOK, HELM_HOW, hasHelm, render } from './admission-chart.ts';

const HOW = `${KUBE_HOW}; ${HELM_HOW}`;

/** A snapshot as `assay snapshot` writes it, valid from now on. */
function snapshot(version: number): Promise<Buffer> {
  const time = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, '');
  return signed({ version, issued: time(0), expires: time(7), entries: [entry()] });
}

interface Program {
  /** The address of its metrics. */
  readonly metrics: string;
  /** All its output so far. */
  said(): string;
  /** Sends the termination signal. @returns the exit code */
  end(): Promise<number | null>;
}

/** Starts the built program and waits until it is ready. */
async function launched(args: readonly string[], metrics: string): Promise<Program> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  await vi.waitFor(
    async () => {
      const ready = await fetch(`${metrics}/readyz`).catch((error) => Promise.reject(new Error(`${error}: ${said}`)));
      expect(`${ready.status} ${await ready.text()}${said}`).toMatch(/^200/);
    },
    { timeout: 60_000, interval: 200 },
  );
  return {
    metrics,
    said: () => said,
    async end() {
      if (child.exitCode === null && child.kill()) await once(child, 'exit');
      return child.exitCode;
    },
  };
}

// Everything is as in the chart: the options, except for folders and ports of this machine, and the permissions of the account.
requirePart('Helm, kube-apiserver and etcd', hasKube && hasHelm, HOW, 'the program as the chart starts it', () => {
  let kube: RunningKube;
  let start: () => Promise<Program>;
  let program: Program;

  beforeAll(async () => {
    kube = await startKube();
    await kube.createNamespace('assay');
    await kube.createNamespace('ml', { 'assay.dev/admission': 'enforce' });
    const objects = render(['drainSeconds=0', ...FIRST_LOOK]);
    await kube.createAll(objects);
    await kube.createAll([snapshotMap((await snapshot(3)).toString())]);
    const folder = tempFolder();
    for (const name of ['key', 'config']) mkdirSync(join(folder, 'etc', name), { recursive: true });
    writeFileSync(join(folder, 'etc/key/snapshot.pub'), writer.publicKey.export({ type: 'spki', format: 'pem' }));
    const config = objects.find(({ metadata }) => metadata?.name === 'assay-admission-config');
    writeFileSync(join(folder, 'etc/config/admission.yaml'), Object(config?.data)['admission.yaml']);
    const kubeconfig = kube.kubeconfig({ token: await kube.serviceAccountToken('assay', 'assay-admission') });
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    const args: readonly string[] = Object(deployment?.spec).template.spec.containers[0].args;
    start = async () => {
      const [port, metricsPort] = [await freePort(), await freePort()];
      const own = args.map((arg) =>
        arg
          .replace('=/etc/assay', `=${folder}/etc`)
          .replace('=/var/lib/assay', `=${folder}/state-${port}`)
          .replace('0.0.0.0:8443', `127.0.0.1:${port}`)
          .replace('0.0.0.0:8444', `127.0.0.1:${metricsPort}`),
      );
      return launched([...own, '--kubeconfig', kubeconfig], `http://127.0.0.1:${metricsPort}`);
    };
    program = await start();
  });
  afterAll(async () => {
    if (program !== undefined) await program.end();
    await kube?.stop();
  });

  const snapshotMap = (text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'assay-snapshot', namespace: 'assay' },
    data: { 'snapshot.json': text },
  });

  const floor = async () =>
    (await kube.request('GET', '/api/v1/namespaces/assay/configmaps/assay-admission-floor')).body.data;

  it('becomes ready, stores the floor, and publishes its authority', async () => {
    const kept = { version: expect.stringMatching(/^[34]$/) };
    await vi.waitFor(async () => expect(await floor()).toEqual(kept), { timeout: 60_000, interval: 200 });
    await vi.waitFor(
      async () => {
        const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/assay-admission';
        const { body } = await kube.request('GET', path);
        for (const { clientConfig } of body.webhooks) expect(clientConfig.caBundle).toMatch(/^LS0tLS1CRUdJTi/);
      },
      { timeout: 60_000, interval: 200 },
    );
  });

  it('lacks no permission', async () => {
    const text = await (await fetch(`${program.metrics}/metrics`)).text();
    const problems = [...text.matchAll(/^assay_admission_problem\{part="([^"]+)"\} (\d)/gm)].map(
      ([, part, value]) => `${part}: ${value}`,
    );
    expect(problems.length).toBeGreaterThan(3);
    for (const problem of problems) expect(problem).toMatch(/: 0$/);
    expect(program.said()).not.toMatch(/forbidden|refuses/);
  });

  it('loads a newer snapshot from the ConfigMap', async () => {
    const path = '/api/v1/namespaces/assay/configmaps/assay-snapshot';
    expect(
      (await kube.request('PATCH', path, { data: { 'snapshot.json': (await snapshot(4)).toString() } })).status,
    ).toBe(200);
    await vi.waitFor(async () => expect(await floor()).toEqual({ version: '4' }), { timeout: 60_000, interval: 200 });
  });

  it('stops on a signal', async () => {
    const other = await start();
    const code = await other.end();
    expect({ code, said: /defect/.test(other.said()) }).toEqual({ code: 143, said: false });
  });
});
