/** Where waivers come from, as it was said on the command line. */
export interface WaiverFlags {
  readonly waivers: readonly string[];
  readonly attestation: readonly string[];
}
