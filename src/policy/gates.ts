import type { Action } from '../core/assessment.ts';
import type { Verdict } from '../core/verdict.ts';

/** A built-in policy: what each verdict, and what is missing, makes of an artifact. */
export interface Gate {
  readonly name: string;
  /** For `--help` and reports. */
  readonly summary: string;
  readonly verdicts: Readonly<Record<Verdict, Action>>;
  /** Part of the artifact was not looked at, or there was nothing to look at. */
  readonly incomplete: Action;
  /** Bytes are not those that were announced or signed, or a signature does not hold. */
  readonly mismatch: Action;
}

const DENY_ALL_BUT_CLEAN = { clean: 'allow', suspicious: 'deny', unknown: 'deny', malicious: 'deny' } as const;

export const GATES: readonly Gate[] = [
  {
    name: 'baseline',
    summary: 'denies malicious, suspicious and unknown files; warns of formats that nothing judges yet',
    verdicts: { ...DENY_ALL_BUT_CLEAN, 'not-assessed': 'warn' },
    incomplete: 'deny',
    mismatch: 'deny',
  },
  {
    name: 'strict',
    summary: 'denies everything that is not clean',
    verdicts: { ...DENY_ALL_BUT_CLEAN, 'not-assessed': 'deny' },
    incomplete: 'deny',
    mismatch: 'deny',
  },
  {
    name: 'research',
    summary: 'warns and never denies: for looking at hostile files on purpose',
    verdicts: { clean: 'allow', 'not-assessed': 'warn', suspicious: 'warn', unknown: 'warn', malicious: 'warn' },
    incomplete: 'warn',
    mismatch: 'warn',
  },
];

export const DEFAULT_GATE = 'baseline';
