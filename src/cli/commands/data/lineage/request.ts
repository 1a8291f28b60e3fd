import type { RegistryFlags } from '../../../../client/index.ts';
import type { SigningChoice } from '../../../options/index.ts';

/** What `assay data` is asked about lineage. */
export interface LineageRequest {
  /** Nothing else is asked. */
  readonly alone: boolean;
  readonly manifests: readonly string[];
  readonly model: string | undefined;
  readonly attestations: readonly string[];
  readonly trust: string | undefined;
  /** Asked for base models; `undefined`: nobody is. */
  readonly registry: RegistryFlags | undefined;
  /** Where the attestation is written, and how it is signed. */
  readonly attest: { readonly file: string; readonly signing: SigningChoice } | undefined;
  readonly offline: boolean;
}
