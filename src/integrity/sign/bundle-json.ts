/** The verification material beside the envelope, in the form of bundles. */
export type MaterialJson = Readonly<Record<string, unknown>>;

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** A DSSE envelope with one signature, as its JSON. `keyid` is there and empty, as the reference implementation of OMS has it. */
export function envelopeJson(payloadType: string, payload: Uint8Array, signature: Uint8Array) {
  return {
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [{ sig: Buffer.from(signature).toString('base64'), keyid: '' }],
  };
}

/** A Sigstore bundle, v0.3 (https://docs.sigstore.dev/about/bundle/). */
export function bundleJson(material: MaterialJson, envelope: ReturnType<typeof envelopeJson>) {
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { tlogEntries: [], ...material },
    dsseEnvelope: envelope,
  };
}
