import type { KubeListener } from '../../../admission-webhook/src/kube/client.ts';

/** The reports of a watch, in order. */
export class Told implements KubeListener {
  readonly lines: string[] = [];
  readonly problems: Error[] = [];

  onObject(object: unknown): void {
    this.lines.push(`+${nameOf(object)}`);
  }

  onGone(object: unknown): void {
    this.lines.push(`-${nameOf(object)}`);
  }

  onSynced(): void {
    this.lines.push('synced');
  }

  onProblem(problem: Error): void {
    this.problems.push(problem);
  }
}

function nameOf(object: unknown): string {
  return String((object as { metadata?: { name?: unknown } }).metadata?.name);
}

/** Pauses that a test can wait for. */
export const QUICK = { pauses: { firstMs: 20, mostMs: 200 } };

export function configMap(name: string, data: Readonly<Record<string, string>> = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}
