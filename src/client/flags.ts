/** The registry that the command line names. */
export interface RegistryFlags {
  readonly registry?: string;
  readonly rules?: string;
  readonly trust?: string;
  readonly as?: string;
  readonly url?: string;
  readonly tokenFile?: string;
}
