import type { KeyObject, X509Certificate } from 'node:crypto';
import type { TrustedRoot } from '@sigstore/protobuf-specs';

/**
 * The trusted signer. `text` of a pattern is an exact match, or a glob with `*` (no `/`) and `**` (anything), always anchored
 * at
 * both ends; nothing else in it is special.
 */
export interface IdentityPattern {
  /** The subject alternative name: an address, a mail address. */
  readonly identity: string;
  /** The OIDC issuer of the identity. */
  readonly issuer: string;
}

/** When a private certificate must have been valid. */
export type ValidityPolicy =
  /** When it was issued, as the reference implementation has it: an expired certificate still verifies. */
  | 'issued'
  /** Now. */
  | 'now';

/** A signer that may have signed. There is one kind for each signing method. */
export type Trust =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | {
      readonly kind: 'certificate';
      readonly anchors: readonly X509Certificate[];
      readonly validity: ValidityPolicy;
      /** Subject alternative name or common name that the leaf must have; any, when absent. */
      readonly identity?: string;
    }
  | { readonly kind: 'keyless'; readonly root: TrustedRoot; readonly identity: IdentityPattern };
