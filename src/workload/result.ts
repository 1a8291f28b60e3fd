/** The role of bytes in the program that loads them. */
export type WorkloadRole = 'model' | 'tokenizer' | 'lora' | 'draft' | 'code' | 'dataset' | 'image';

/** The loader settings beside the name: other settings can load other bytes or other code for the same name. */
export interface LoaderFlags {
  readonly trustRemoteCode: boolean;
  readonly codeRevision: string | null;
  /** `null` where the loader chooses. */
  readonly loadFormat: string | null;
  readonly offline: boolean;
}

export interface WorkloadReference extends LoaderFlags {
  /** In the one spelling of `core/reference` where it can be read by it; otherwise as written. */
  readonly reference: string;
  readonly role: WorkloadRole;
  /** A branch, a tag or a commit; `null` where none is given. */
  readonly revision: string | null;
  /** Always the same bytes: a commit, a digest, a version. */
  readonly pinned: boolean;
  /** The server in place of the well-known one; `null` for that one. */
  readonly endpoint: string | null;
  /** JSON pointer (RFC 6901) into the object. */
  readonly where: string;
  /** Name of the container, where it is one that loads it. */
  readonly container: string | null;
  /** Id of the row of the table that found it. */
  readonly via: string;
}

/** A place that may name a model, but cannot be resolved from the object alone. */
export interface Unresolved {
  readonly where: string;
  /** Part of fingerprints of the Action, with the messages of references in it: its text never changes. */
  readonly why: string;
}

/** The image of a container: what runs, whether or not a model was found in it. */
export interface WorkloadImage {
  readonly reference: string;
  readonly pinned: boolean;
  readonly where: string;
  readonly container: string | null;
}

export interface WorkloadReferences {
  readonly references: readonly WorkloadReference[];
  readonly unresolved: readonly Unresolved[];
  readonly images: readonly WorkloadImage[];
  /** How many PodSpecs were found. */
  readonly podSpecs: number;
  /** What runs: PodSpecs, objects that are like a container, and commands of jobs. */
  readonly runs: readonly RunPlace[];
}

export interface RunPlace {
  /** JSON pointer. */
  readonly where: string;
  readonly what: 'pod-spec' | 'container' | 'command';
}

/** The key of a decision: the reference, its server, and the loader settings. */
export function referenceKey(found: WorkloadReference): string {
  const { reference, endpoint, trustRemoteCode, codeRevision, loadFormat, offline } = found;
  return JSON.stringify([reference, endpoint, trustRemoteCode, codeRevision, loadFormat, offline]);
}
