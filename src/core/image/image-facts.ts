/** How a container image is approved. `program`: it may run. `sealed`: it also loads only what it holds. */
export const IMAGE_ROLES = ['program', 'sealed'] as const;
export type ImageRole = (typeof IMAGE_ROLES)[number];

/** What an image starts by itself (OCI image configuration, `config`), the same on every platform. */
export interface ImageFacts {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value`, of all platforms together. */
  readonly env: readonly string[];
  /** Absolute; `/` where the image says nothing. */
  readonly workingDir: string;
  /** Folders that get a volume of their own, of all platforms together; ascending. */
  readonly volumes: readonly string[];
}
