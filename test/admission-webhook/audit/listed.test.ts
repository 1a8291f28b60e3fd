import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import { tempFolder } from '../../support/temp.ts';
import { approved } from '../decide/support.ts';
import { auditReport, BAD, GOOD, line, pod, runAudit, snapshotFlags, workload } from './ground.ts';

const folder = tempFolder();

describe('an audit of listed objects', () => {
  let flags: readonly string[];

  beforeAll(async () => {
    flags = await snapshotFlags(folder, [approved(GOOD)]);
  });

  function listed(items: readonly unknown[]): readonly string[] {
    const file = join(folder, `list-${Math.random()}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return [...flags, '-f', file];
  }

  const namespace = (name: string, labels: unknown) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });

  it('contacts no cluster, and reads the labels of namespaces from the list', async () => {
    const labels = { 'assay.dev/stage': 'production' };
    const { code, report } = await auditReport(
      listed([
        namespace('prod', labels),
        pod({ namespace: 'prod', name: 'silent' }, null),
        pod({ namespace: 'other', name: 'silent' }, null, 'registry.example/tool:1'),
        workload('Deployment', { namespace: 'prod', name: 'llm' }, GOOD),
      ]),
    );
    expect(code).toBe(1);
    expect(report.objects.map(line)).toEqual([
      'deny prod/Pod/silent',
      'allow -/Namespace/prod',
      'allow other/Pod/silent',
      'allow prod/Deployment/llm',
    ]);
  });

  it('writes what would admit the rest, for review', async () => {
    const image = `registry.example/tool@sha256:${'a'.repeat(64)}`;
    const container = (name: string, more: object = {}) => ({ name, image, ...more });
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'a', name: 'p' },
      spec: { containers: [container('plain'), container('job', { command: ['sh', '-c', 'run'] })] },
    };
    const proposals = join(folder, 'proposals.yaml');
    const baseline = join(folder, 'baseline.yaml');
    const { report } = await auditReport([...listed([object]), '--proposals', proposals, '--baseline', baseline]);
    expect(parse(readFileSync(baseline, 'utf8'))).toMatchObject({
      baseline: { owner: '', templates: [expect.stringMatching(/^[0-9a-f]{64}$/)] },
    });
    expect(report.onboarding).toMatchObject({ containers: 2, ready: 0, others: [] });
    const text = readFileSync(proposals, 'utf8');
    expect(text).toContain(`# assay approve oci://${image} --as program   # 2 containers\n`);
    expect(parse(text)).toMatchObject({
      exceptions: [
        { owner: '', images: [image.slice(-71)], told: [{ command: ['sh', '-c', 'run'] }], containers: ['job'] },
      ],
    });
    const { stdout } = await runAudit(listed([object]));
    expect(stdout).toMatch(/a +Pod p +job +unresolved/);
    expect(stdout).toMatch(/0 of 2 containers are ready · 1 image to approve · 1 exception to review/);
  });

  it('exits with 0 when nothing would be refused', async () => {
    const { code, report } = await auditReport(listed([pod({ namespace: 'a', name: 'p' }, GOOD)]));
    expect([code, report.complete, report.totals.allow]).toEqual([0, true, 1]);
  });

  it('ends for cyclic owners, and ignores an owner in another namespace', async () => {
    const owned = (name: string, owner: string, inside = 'a') => {
      const made = pod({ namespace: inside, name, owner: { kind: 'Pod', name: owner, uid: owner } }, BAD);
      return { ...made, metadata: { ...made.metadata, uid: name } };
    };
    const { report } = await auditReport(
      listed([owned('x', 'y'), owned('y', 'x'), owned('z', 'z'), owned('w', 'z', 'b')]),
    );
    expect(report.objects.map(line)).toEqual(['deny a/Pod/x', 'deny a/Pod/y', 'deny a/Pod/z', 'deny b/Pod/w']);
  });

  it('accepts a list that is far larger than a manifest', async () => {
    const items = Array.from({ length: 5000 }, (_, n) =>
      pod({ namespace: 'a', name: `p${n}` }, n % 2 === 0 ? GOOD : BAD),
    );
    const { code, report } = await auditReport(listed(items));
    expect([code, report.totals.allow, report.totals.deny]).toEqual([1, 2500, 2500]);
  });

  it('reports an expired snapshot and its effect', async () => {
    const ended = await snapshotFlags(folder, [approved(GOOD)], -86_400_000);
    const args = [...ended, ...listed([pod({ namespace: 'a', name: 'p' }, GOOD)]).slice(4)];
    const { code, report } = await auditReport(args);
    expect([code, report.snapshot.expired, report.totals.deny]).toEqual([1, true, 1]);
    expect((await runAudit(args)).stdout).toMatch(/EXPIRED\s+at\s+\S+: it approves nothing\n/);
  });

  it('applies break-glass waivers, and reports those that do not verify', async () => {
    const responder = generateKeyPairSync('ed25519');
    const waivers = join(folder, 'waivers');
    const trust = join(folder, 'trust.yaml');
    mkdirSync(waivers);
    writeFileSync(join(folder, 'responder.pub'), responder.publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(trust, 'version: 1\nsigners:\n  - {name: on call, key: responder.pub, may: [break-glass]}\n');
    const at = new Date();
    const expires = new Date(at.getTime() + 3_600_000);
    const about = {
      namespaces: ['a'],
      reference: BAD,
      outcomes: ['unlisted'],
      reason: 'incident',
      owner: 'sre',
    } as const;
    const statement = createStatement('break-glass', { ...about, at, expires });
    const write = async (name: string, key: KeyObject) => {
      writeFileSync(join(waivers, name), JSON.stringify(await signStatement(statement, keySigner(key))));
    };
    await write('one.json', responder.privateKey);
    const args = [...listed([pod({ namespace: 'a', name: 'p' }, BAD)]), '--break-glass', waivers];
    const { code, report } = await auditReport([...args, '--break-glass-trust', trust]);
    expect([code, report.objects.map(line)]).toEqual([0, ['warn a/Pod/p']]);
    await write('two.json', generateKeyPairSync('ed25519').privateKey);
    const half = await auditReport([...args, '--break-glass-trust', trust]);
    expect([half.code, half.report.objects.map(line)]).toEqual([2, ['warn a/Pod/p']]);
    expect(half.report.problems).toMatchObject([
      { subject: '--break-glass', message: expect.stringMatching(/two\.json/) },
    ]);
  });

  it('reports input that it cannot use, and exits with 2', async () => {
    const file = listed([pod({ namespace: 'a', name: 'p' }, GOOD)]).slice(4);
    const [, snapshot = '', , key = ''] = flags;
    const other = join(folder, 'other.pub');
    writeFileSync(other, 'nothing');
    const cases: readonly [args: readonly string[], message: RegExp][] = [
      [file, /no snapshot is named/],
      [
        ['--snapshot', join(folder, 'none'), '--snapshot-key', key, ...file],
        /the snapshot cannot be used: .*no such file/,
      ],
      [['--snapshot', snapshot, '--snapshot-key', other, ...file], /./],
      [[...flags, '-f', join(folder, 'none')], /no such file/],
      [[...flags, '--kubeconfig', join(folder, 'none')], /--kubeconfig .*no such file/],
      [[...flags, '--config', join(folder, 'none'), ...file], /--config .*no such file/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runAudit(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});
