/** What was asked on the command line; the environment says the rest. */
export interface WorkerFlags {
  readonly database?: string;
  readonly queue?: string;
  readonly data?: string;
  readonly rules?: string;
  readonly concurrency?: string;
  readonly lease: string;
  readonly allowPrivateAddresses?: boolean;
}
