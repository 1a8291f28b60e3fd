/** A Kubernetes API server, asked over HTTPS with one identity. */
export interface KubeClient {
  /** `GET path`. @throws KubeError */
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  /** `POST`, `PUT` or `PATCH` (JSON merge patch) of an object. @throws KubeError */
  send(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, signal?: AbortSignal): Promise<unknown>;
  /** All objects of a collection, page by page (`limit` and `continue`). @throws KubeError */
  list(path: string, signal?: AbortSignal): AsyncIterable<unknown>;
  /**
   * Follows one collection or object (`fieldSelector`): first everything that is there, then each change, anew after every
   * interruption with growing, jittered pauses, until it is aborted. `onSynced` after each full listing.
   */
  watch(path: string, listener: KubeListener, signal: AbortSignal): Promise<void>;
  readonly server: string;
  close(): Promise<void>;
}

export interface KubeListener {
  onObject(object: unknown): void;
  onGone(object: unknown): void;
  onSynced(): void;
  onProblem(problem: Error): void;
}

/** What an API server refused, or that it could not be asked. */
export class KubeError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'KubeError';
    this.status = status;
  }
}
