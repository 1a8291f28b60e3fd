/** A policy of `policies/`, as `--help` shows it. */
export interface ShippedPolicy {
  readonly name: string;
  readonly summary: string;
}

export const SHIPPED_POLICIES: readonly ShippedPolicy[] = [
  {
    name: 'baseline',
    summary: 'denies malicious, suspicious and unknown files; warns of formats that no scanner judges yet',
  },
  { name: 'strict', summary: 'denies everything that is not clean' },
  {
    name: 'production',
    summary: 'strict, and requires a signature, a pin, an approval for the stage, and formats that hold no code',
  },
  {
    name: 'air-gapped',
    summary: 'strict, and requires your own source, a pin, and models that download nothing when loaded',
  },
  { name: 'research', summary: 'warns and never denies: for the analysis of hostile files' },
];

export const DEFAULT_POLICY = 'baseline';
