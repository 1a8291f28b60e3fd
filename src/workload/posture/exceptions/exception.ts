/** What is behind a mount of an excepted container, as postures tell it: by who may write there. */
export const MOUNT_SOURCES = ['empty', 'image', 'settings', 'labels', 'shared'] as const;
export type MountSource = (typeof MOUNT_SOURCES)[number];

/** Where the value of a variable comes from, beside the object itself. */
export const VARIABLE_SOURCES = ['secret', 'configMap', 'pod', 'resource'] as const;
export type VariableSource = (typeof VARIABLE_SOURCES)[number];

/**
 * A text with holes: `{host:port}`, `{number}`, `{duration}`, `{name}` (letters, digits, `.`, `_` and `-`). Everything else stands for
 * itself; `{{name}` is the text `{name}`.
 */
export type ExceptionPattern = string;

/** One variable: a text, or a source. `pod`: of `field`, exactly; labels and annotations may be named, too. */
export type VariablePattern =
  | { readonly name: string; readonly value: ExceptionPattern }
  | { readonly name: string; readonly from: VariableSource; readonly field?: string };

export interface MountPattern {
  readonly path: ExceptionPattern;
  readonly source: MountSource;
}

/**
 * All that a container may be told. What is not listed must not be there; a listed variable or mount may be absent, since the container is
 * told less then, but for a server of models: it would load a default.
 */
export interface ToldPattern {
  /** `null`: the command of the image. */
  readonly command: readonly ExceptionPattern[] | null;
  readonly args: readonly ExceptionPattern[] | null;
  readonly env: readonly VariablePattern[];
  /** Names of Secrets and ConfigMaps whose keys become variables. */
  readonly envFrom: readonly { readonly kind: 'secret' | 'configMap'; readonly name: string }[];
  readonly mounts: readonly MountPattern[];
  readonly workingDir: string | null;
  /** Commands of probes and hooks, beside those that load nothing. */
  readonly hooks: readonly (readonly ExceptionPattern[])[];
}

/** A container that the organisation allows as it is told. */
export interface ContainerException {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly expires: string;
  /** `sha256:<hex>`: only these images, which are also approved. */
  readonly images: readonly string[];
  /** Any of these. */
  readonly told: readonly ToldPattern[];
  /** These three narrow the exception; an empty list matches any name. */
  readonly namespaces: readonly string[];
  readonly serviceAccounts: readonly string[];
  readonly containers: readonly string[];
}
