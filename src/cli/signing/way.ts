import type { KeyObject } from 'node:crypto';
import type { PayloadSigner } from '../../integrity/sign/index.ts';

/** A way to sign that was prepared, and how to speak of it. */
export interface SigningWay {
  readonly signer: PayloadSigner;
  /** Of a bare key, which nothing else vouches for. */
  readonly publicKey?: KeyObject;
  /** Who signed, once it is done. */
  who(): string;
  /** What `assay verify` must be told to believe it; a line before it when something is to be done first. */
  verifying(): { readonly before?: string; readonly options: string };
  close(): Promise<void>;
}
