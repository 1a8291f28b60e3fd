import type { ApprovalRecord, JobKind, JobState, Role, Stage, TransitionState } from '../../registry/index.ts';
import type { ReportWord } from '../../report/html/index.ts';

export const STAGE_WORDS: Readonly<Record<Stage, ReportWord>> = {
  candidate: { text: 'Candidate', tone: 'plain' },
  staging: { text: 'Staging', tone: 'open' },
  production: { text: 'Production', tone: 'good' },
  retired: { text: 'Retired', tone: 'plain' },
  quarantined: { text: 'Quarantined', tone: 'bad' },
};

/** Where a version may be asked to go; the registry has the last word. */
export const WAYS: Readonly<Record<Stage, readonly Stage[]>> = {
  candidate: ['staging'],
  staging: ['production'],
  production: [],
  retired: [],
  quarantined: ['candidate'],
};

export const REQUEST_WORDS: Readonly<Record<TransitionState, ReportWord>> = {
  open: { text: 'Open', tone: 'open' },
  approved: { text: 'Approved', tone: 'good' },
  rejected: { text: 'Rejected', tone: 'bad' },
  withdrawn: { text: 'Withdrawn', tone: 'plain' },
  void: { text: 'Void', tone: 'dark' },
};

export const APPROVAL_WORDS: Readonly<Record<ApprovalRecord['state'], ReportWord>> = {
  valid: { text: 'Holds', tone: 'good' },
  carried: { text: 'Carried over', tone: 'good' },
  void: { text: 'Void', tone: 'dark' },
  revoked: { text: 'Revoked', tone: 'bad' },
};

export const JOB_WORDS: Readonly<Record<JobState, ReportWord>> = {
  queued: { text: 'Queued', tone: 'plain' },
  running: { text: 'Running', tone: 'open' },
  done: { text: 'Done', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
  cancelled: { text: 'Cancelled', tone: 'dark' },
};

export const JOB_KIND_WORDS: Readonly<Record<JobKind, string>> = {
  scan: 'Scans',
  convert: 'Conversions',
  test: 'Tests',
  data: 'Checks of data',
};

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: 'reads',
  submitter: 'requests scans, conversions, tests, checks of data and stages',
  reviewer: 'approves and stops versions',
  'security-approver': 'approves, and grants waivers',
  admin: 'does all of this, and creates tokens',
  gate: 'reads decisions only',
};

/** A reason as a sentence; what begins with the name of a rule or an address is written as it is. */
export function sentence(text: string): string {
  return `${/^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() : text.charAt(0)}${text.slice(1)}.`;
}

/** What a page says after something was done: the address names it, so nothing that somebody writes into a link is shown. */
export const SAID = {
  'job-known': 'The same was requested already: this is its job.',
  'job-cancelled': 'The job was cancelled.',
  'files-removed': 'The files and the report were removed. The version stays.',
  'report-removed': 'The report was removed. The outcome stays.',
  requested: 'The request is open. Others must approve it.',
  voted: 'Your vote counts.',
  withdrawn: 'The request was withdrawn.',
  quarantined: 'The version was quarantined: the Hub proxy and the webhook deny it from now on.',
  retired: 'The version was retired.',
  'approval-revoked': 'The approval was revoked: the Hub proxy and the webhook deny what depended on it.',
  'run-revoked': 'The run of tests was revoked, and the version was decided again.',
  'waiver-added': 'The waiver was added, and every version of the digest was decided again.',
  'waiver-revoked': 'The waiver was revoked, and the affected versions were decided again.',
  'token-revoked': 'The token was revoked: requests with it are refused from now on.',
} as const;
export type Said = keyof typeof SAID;
