export interface AttestationVerifyFlags {
  readonly trust?: string;
  readonly digest?: string;
  readonly artifact?: string;
  readonly type?: (typeof KINDS)[number];
  readonly stage?: string;
  readonly format: (typeof ATTESTATION_FORMATS)[number];
  readonly quiet: boolean;
  readonly offline: boolean;
}

export interface AttestationInspectFlags {
  readonly format: (typeof ATTESTATION_FORMATS)[number];
}

export const ATTESTATION_FORMATS = ['table', 'json'] as const;

/** What an attestation can be verified to be. */
export const KINDS = ['scan', 'ml-bom', 'approval', 'waiver', 'break-glass', 'decision', 'model-signature'] as const;
