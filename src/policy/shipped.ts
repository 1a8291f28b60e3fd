/** A policy of `policies/`, as `--help` shows it. */
export interface ShippedPolicy {
  readonly name: string;
  readonly summary: string;
}

export const SHIPPED_POLICIES: readonly ShippedPolicy[] = [
  {
    name: 'baseline',
    summary: 'denies malicious, suspicious and unknown files; warns of formats that nothing judges yet',
  },
  { name: 'strict', summary: 'denies everything that is not clean' },
  { name: 'production', summary: 'strict, and signed, pinned, approved for the stage, in formats that hold no code' },
  { name: 'air-gapped', summary: 'strict, and from a place of your own, pinned, fetching nothing when it is loaded' },
  { name: 'research', summary: 'warns and never denies: for looking at hostile files on purpose' },
];

export const DEFAULT_POLICY = 'baseline';
