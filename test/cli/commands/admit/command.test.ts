import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../../support/run-program.ts';
import { MAIN, ROOT, runCli } from '../../run-cli.ts';

const MANIFEST = `
apiVersion: v1
kind: Service
metadata: { name: front }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: llm, namespace: prod }
spec:
  template:
    spec:
      containers:
      - name: server
        image: vllm/vllm-openai:v0.10.0
        args: [--model, acme/llama, --revision=${'a'.repeat(40)}, --trust-remote-code]
        env:
        - name: HF_ENDPOINT
          value: https://mirror.example
        - name: MODEL_ID
          valueFrom: { secretKeyRef: { name: s, key: k } }
`;

let folder: string;
let manifest: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-admit-'));
  manifest = join(folder, 'manifest.yaml');
  writeFileSync(manifest, MANIFEST);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('assay admit --explain', () => {
  it('lists what each object loads, from where, and what is unresolved', async () => {
    const { code, stdout, stderr } = await runCli(['admit', '--explain', '-f', manifest]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`hf://acme/llama@${'a'.repeat(40)}`);
    expect(stdout).toMatch(/pinned; from https:\/\/mirror\.example; runs code of the model/);
    expect(stdout).toMatch(/unresolved +MODEL_ID is set from secretKeyRef/);
    expect(stdout).toMatch(/2 objects · 1 references · 0 not pinned · 1 UNRESOLVED/);
    expect(stdout).toMatch(/Service +front\nnone +names no model/);
    expect(stdout).toMatch(/container +\S+ unresolved\n/);
    expect(stdout).toMatch(/it has the variable "MODEL_ID"/);
    expect(stdout).toMatch(/Approve|approve/);
  });

  it('writes JSON, also for a review and a list', async () => {
    const { code, stdout } = await runCli(['admit', '--explain', '-f', manifest, '--format', 'json']);
    expect(code).toBe(0);
    const [, { references, unresolved }] = JSON.parse(stdout).objects;
    expect(references).toMatchObject([{ role: 'model', endpoint: 'https://mirror.example', trustRemoteCode: true }]);
    expect(unresolved).toHaveLength(1);
    const review = join(ROOT, 'fixtures/admission-reviews/create_apps_deployments_vllm.json');
    const reviewed = await runCli(['admit', '--explain', '-f', review, '--format', 'json']);
    expect(JSON.parse(reviewed.stdout).objects).toMatchObject([{ kind: 'Deployment', name: 'vllm', podSpecs: 1 }]);
    const list = join(folder, 'list.json');
    writeFileSync(list, JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [{ kind: 'Pod' }, { kind: 'Pod' }] }));
    const listed = await runCli(['admit', '--explain', '-f', list, '--format', 'json']);
    expect(JSON.parse(listed.stdout).objects).toHaveLength(2);
  });

  it('reads from stdin: JSON that is far larger than a manifest, or YAML', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const items = Array.from({ length: 20_000 }, () => pod);
    const explain = [MAIN, 'admit', '--explain', '-f', '-'];
    for (const [input, count] of [
      [JSON.stringify({ kind: 'List', items }), 20_000] as const,
      [MANIFEST, 2] as const,
      ['{kind: A}', 1] as const,
    ]) {
      const { status, stdout, stderr } = await runProgram(process.execPath, explain, { input });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(`\n${count} objects`);
    }
    const yaml = `kind: A\nx: ${'y'.repeat(2 ** 20)}`;
    const { status, stderr } = await runProgram(process.execPath, explain, { input: yaml });
    expect(status).toBe(2);
    expect(stderr).toMatch(/is YAML of more than 1048576 bytes; split it, or write it as JSON/);
  });

  it('reports input that it cannot read, and exits with 2', async () => {
    const file = join(folder, 'bad.yaml');
    const cases: readonly [text: string, message: RegExp][] = [
      ['a: [', /bad\.yaml: is not YAML or JSON/],
      ['', /bad\.yaml: contains no Kubernetes object/],
      ['just text', /not a Kubernetes object/],
      ['a: 1', /has no kind/],
      ['kind: &a [*a]', /assay: /],
      [`kind: A\nx: ${'['.repeat(20_000)}`, /assay: /],
      [`a: &a [x,x,x]\nb: &b [*a,*a,*a]\n${'c: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n'.repeat(1)}kind: A`, /^$/],
    ];
    for (const [text, message] of cases) {
      writeFileSync(file, text);
      const { code, stderr } = await runCli(['admit', '--explain', '-f', file]);
      expect(stderr).toMatch(message);
      expect(code).toBe(stderr === '' ? 0 : 2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    expect((await runCli(['admit', '--explain', '-f', join(folder, 'none')])).stderr).toMatch(/no such file/);
    for (const args of [['admit'], ['admit', '--explain']]) {
      const { code, stderr } = await runCli(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/give --explain -f manifest\.yaml/);
    }
  });
});
