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
  { name: 'research', summary: 'warns and never denies: for looking at hostile files on purpose' },
];

export const DEFAULT_POLICY = 'baseline';
