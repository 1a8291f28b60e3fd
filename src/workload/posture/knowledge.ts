import type { CompiledException } from './exceptions/index.ts';
import type { ImageApproval } from './result.ts';

/** What postures are read with. */
export interface PostureKnowledge {
  /** @param image `oci://registry/repository@sha256:<hex>` */
  readonly approvalOf: (image: string) => ImageApproval | undefined;
  /** Whether a container is exactly one that the webhook itself adds. */
  readonly isOwn: (container: unknown) => boolean;
  /** Those that hold now, in the namespace of the object. */
  readonly exceptions?: readonly CompiledException[];
}
