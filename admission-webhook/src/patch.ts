/** One operation of a JSON Patch (RFC 6902), as the API server applies it. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** How a model that is approved is made sure of in the objects of a namespace. */
export interface MutationOptions {
  /** `annotate`: say the pin beside it, on Pods; `rewrite`: put it in its place. */
  readonly pin: 'off' | 'annotate' | 'rewrite';
  /**
   * Kinds in which references are rewritten besides new Pods: `Deployment.apps`, `InferenceService.serving.kserve.io`. What is kept
   * in git then differs from what runs. None when absent.
   */
  readonly kinds?: readonly string[];
  /** Fetch and verify the bytes in an init container, and have the model's server read those alone. Pins the references of Pods. */
  readonly fetch: { readonly image: string } | null;
}

export interface Mutation {
  readonly patch: readonly PatchOperation[];
  /** What could not be made sure of, in sentences, for `warnings`. */
  readonly warnings: readonly string[];
}
