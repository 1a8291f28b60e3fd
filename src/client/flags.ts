/** Which registry to speak to, as it was said on the command line. */
export interface RegistryFlags {
  readonly registry?: string;
  readonly rules?: string;
  readonly trust?: string;
  readonly as?: string;
  readonly url?: string;
  readonly tokenFile?: string;
}
