/** A Kubernetes API server, asked over HTTPS with one identity. */
export interface KubeClient {
  /** `GET path`. @throws KubeError */
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  /** `POST`, `PUT` or `PATCH` (JSON merge patch) of an object. @throws KubeError */
  send(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, signal?: AbortSignal): Promise<unknown>;
  /** All objects of a collection, page by page (`limit` and `continue`), each with its kind. @throws KubeError */
  list(path: string, signal?: AbortSignal): AsyncIterable<unknown>;
  /**
   * Follows one collection or object (`fieldSelector`): first everything that is there, then each change, again after every
   * interruption with growing, jittered pauses, until it is aborted. `onSynced` after each full listing, and when it goes on
   * after a problem.
   */
  watch(path: string, listener: KubeListener, signal: AbortSignal): Promise<void>;
  readonly server: string;
  close(): Promise<void>;
}

export interface KubeListener {
  onObject(object: unknown): void;
  /** Of what went while nobody was connected, its namespace and name are all that is told. */
  onGone(object: unknown): void;
  onSynced(): void;
  /** It is asked again later by itself. */
  onProblem(problem: Error): void;
}

export { KubeError } from './kube-error.ts';
