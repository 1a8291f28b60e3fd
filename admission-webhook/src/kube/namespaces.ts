import type { KubeClient } from './client.ts';
import { fieldOf, textField, textsOf } from './fields.ts';

export interface WatchedNamespaces {
  /** Labels of a namespace; `undefined` when it is not known, or none is yet. */
  labelsOf(namespace: string): Readonly<Record<string, string>> | undefined;
  /** Whether all of them were listed once. */
  synced(): boolean;
  /** Why they may be out of date; `null` while all is well. */
  problem(): string | null;
  /** @param listener called after each change of labels, and once all are known */
  onChange(listener: () => void): void;
  /** Fulfilled once all are known, or watching has ended. */
  readonly ready: Promise<void>;
  /** Fulfilled when watching has ended: after the signal. */
  readonly ended: Promise<void>;
}

/** Learns the labels of all namespaces, and goes on until the signal fires. What was known stays while the server is away. */
export function watchNamespaces(kube: KubeClient, signal: AbortSignal): WatchedNamespaces {
  const labels = new Map<string, Readonly<Record<string, string>>>();
  const listeners: (() => void)[] = [];
  let synced = false;
  let problem: string | null = 'the namespaces are not listed yet';
  let makeReady = () => {};
  const ready = new Promise<void>((resolve) => {
    makeReady = resolve;
  });
  const changed = () => {
    // What is listed at first is told at once, when it is whole.
    if (synced) for (const listener of listeners) listener();
  };
  const ended = kube.watch(
    '/api/v1/namespaces',
    {
      onObject(object) {
        problem = synced ? null : problem;
        const metadata = fieldOf(object, 'metadata');
        const name = textField(metadata, 'name') ?? '';
        const now = textsOf(metadata, 'labels');
        if (isSame(labels.get(name), now)) return;
        labels.set(name, now);
        changed();
      },
      onGone(object) {
        if (labels.delete(textField(fieldOf(object, 'metadata'), 'name') ?? '')) changed();
      },
      onSynced() {
        problem = null;
        const first = !synced;
        synced = true;
        if (first) changed();
        makeReady();
      },
      onProblem(error) {
        problem = error.message;
      },
    },
    signal,
  );
  void ended.then(makeReady, makeReady);
  return {
    labelsOf: (namespace) => labels.get(namespace),
    synced: () => synced,
    problem: () => problem,
    onChange: (listener) => void listeners.push(listener),
    ready,
    ended,
  };
}

function isSame(a: Readonly<Record<string, string>> | undefined, b: Readonly<Record<string, string>>): boolean {
  if (a === undefined) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
