/**
 * Signs one payload in a DSSE envelope and returns the Sigstore bundle (v0.3) as the JSON value to write. There is one for
 * each way to sign: a key, a certificate, keyless.
 * @throws AssayError `usage`, `network`, `unauthorized`, `aborted`
 */
export interface PayloadSigner {
  sign(payloadType: string, payload: Uint8Array): Promise<unknown>;
}
