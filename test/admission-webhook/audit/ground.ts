import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditedObject, AuditReport } from '../../../admission-webhook/src/index.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { type ExitCode, graver, printError, type Shell } from '../../../src/cli/terminal/shell.ts';
import type { SnapshotEntry } from '../../../src/snapshot/index.ts';
import { signed, writer } from '../../snapshot/samples.ts';

export const GOOD = `hf://acme/llama@${'a'.repeat(40)}`;
/** An image that is approved to run. */
const RUNS = `sha256:${'e'.repeat(64)}`;
export const BAD = `hf://acme/other@${'b'.repeat(40)}`;

const seconds = (ms: number) => `${new Date(Date.now() + ms).toISOString().slice(0, 19)}Z`;

/** The options for a signed snapshot in a folder, and for the key that verifies it. */
export async function snapshotFlags(
  folder: string,
  entries: readonly SnapshotEntry[],
  endsInMs = 86_400_000,
): Promise<readonly string[]> {
  const [file, key] = [join(folder, `snapshot-${endsInMs}.json`), join(folder, 'snapshot.pub')];
  writeFileSync(
    file,
    await signed({
      entries,
      images: [{ digest: RUNS, notAfter: null }],
      issued: seconds(endsInMs - 7 * 86_400_000),
      expires: seconds(endsInMs),
    }),
  );
  writeFileSync(key, writer.publicKey.export({ type: 'spki', format: 'pem' }));
  return ['--snapshot', file, '--snapshot-key', key];
}

/** Runs `assay admit --audit` in this process. */
export async function runAudit(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  let code: ExitCode = 0;
  const [out, err]: [string[], string[]] = [[], []];
  const shell: Shell = {
    args: [],
    env,
    stdout: { write: (text: string | Uint8Array) => out.push(String(text)) > 0 },
    stderr: { write: (text: string | Uint8Array) => err.push(String(text)) > 0 },
    signal: new AbortController().signal,
    exit: (outcome) => {
      code = graver(code, outcome);
    },
  };
  try {
    await createProgram(shell).parseAsync(['admit', '--audit', ...args], { from: 'user' });
  } catch (error) {
    printError(shell, error);
    shell.exit(2);
  }
  return { code, stdout: out.join(''), stderr: err.join('') };
}

export async function auditReport(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await runAudit([...args, '--format', 'json'], env);
  if (stderr !== '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as AuditReport };
}

/** `deny prod/Deployment/llm +2`. */
export function line({ action, namespace, kind, name, under }: AuditedObject): string {
  return `${action} ${namespace ?? '-'}/${kind}/${name}${under === 0 ? '' : ` +${under}`}`;
}

export function podSpec(model: string | null, image = `vllm/vllm-openai@${RUNS}`) {
  const [, name = '', revision = ''] = /^hf:\/\/(.*)@(.*)$/.exec(model ?? '') ?? [];
  const args = model === null ? [] : ['--model', name, `--revision=${revision}`];
  return { containers: [{ name: 'server', image, args }] };
}

export interface Labelled {
  readonly namespace: string;
  readonly name: string;
  /** The object's owner. */
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
}

function metadata({ namespace, name, owner }: Labelled) {
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'apps/v1', controller: true, ...owner }];
  return { namespace, name, ownerReferences };
}

export function pod(labelled: Labelled, model: string | null, image?: string) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: metadata(labelled), spec: podSpec(model, image) };
}

export function workload(kind: 'Deployment' | 'ReplicaSet', labelled: Labelled, model: string | null, replicas = 1) {
  const labels = { app: labelled.name };
  const template = { metadata: { labels }, spec: podSpec(model) };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind, metadata: metadata(labelled), spec };
}
