import type { KeyObject } from 'node:crypto';
import type { PayloadSigner } from '../../integrity/sign/index.ts';

/** A way to sign that was prepared, and how to speak of it. */
export interface SigningWay {
  readonly signer: PayloadSigner;
  /** The fingerprint of a bare key, which has no certificate. */
  readonly publicKey?: KeyObject;
  /** The signer, after the signature. */
  who(): string;
  /** The options with which `assay verify` trusts it; a line before it when something is to be done first. */
  verifying(): { readonly before?: string; readonly options: string };
  close(): Promise<void>;
}
