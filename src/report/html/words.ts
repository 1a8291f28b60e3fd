import type {
  Action,
  CheckStatus,
  DigestBasis,
  RiskEvidence,
  RiskStatus,
  RuleResult,
  SignatureAssessment,
  Verdict,
  WaiverOutcome,
} from '../../core/assessment/index.ts';
import type { Tone } from './tone.ts';

/** The style of a fixed word: colour never adds information to the word. */
export interface ReportWord {
  readonly text: string;
  readonly tone: Tone;
}

function word(text: string, tone: Tone): ReportWord {
  return { text, tone };
}

export const ACTION_WORDS: Readonly<Record<Action, ReportWord>> = {
  deny: word('Denied', 'bad'),
  warn: word('Allowed, with warnings', 'caution'),
  allow: word('Allowed', 'good'),
};

export const VERDICT_WORDS: Readonly<Record<Verdict, ReportWord>> = {
  malicious: word('Malicious', 'bad'),
  unknown: word('Unknown', 'dark'),
  suspicious: word('Suspicious', 'caution'),
  'not-assessed': word('Not assessed', 'open'),
  clean: word('Clean', 'good'),
};

/** The meaning of a verdict. */
export const VERDICT_MEANINGS: Readonly<Record<Verdict, string>> = {
  malicious: 'Loading reaches a dangerous capability, breaks a contract, or calls a computed function.',
  unknown: 'Reading stopped before the end. The unread bytes may contain anything, so the file is not clean.',
  suspicious: 'Fully read; it uses something that no listed library writes. No harm is proven.',
  'not-assessed': 'The format is known, but no scanner judges it yet, so its safety is unknown.',
  clean: 'Fully read; every global that it can reach is listed, and used as intended.',
};

export const VERDICT_REMEDIES: Readonly<Record<Exclude<Verdict, 'clean'>, string>> = {
  malicious: 'Do not load these files. Delete them, and inform their publisher.',
  unknown: 'Download these files again, or use a copy in a format that can be read completely.',
  suspicious: 'Ask their publisher about their purpose, or use a copy in a safer format.',
  'not-assessed': 'Review these files by hand, or use a copy in a format that is judged, such as safetensors.',
};

export const SEVERITY_WORDS = {
  critical: word('Critical', 'bad'),
  high: word('High', 'bad'),
  medium: word('Medium', 'caution'),
  low: word('Low', 'open'),
  info: word('Info', 'plain'),
} as const;

export const RISK_STATUSES: Readonly<Record<RiskStatus, ReportWord>> = {
  pass: word('Pass', 'good'),
  fail: word('Fail', 'bad'),
  partial: word('Partial', 'caution'),
  'not-assessed': word('Not assessed', 'open'),
  'not-applicable': word('Not applicable', 'plain'),
};

export const EVIDENCES: Readonly<Record<RiskEvidence, string>> = {
  direct: 'Direct: measured on this artifact',
  proxy: 'Proxy: measured on a substitute',
  declared: 'Declared: claimed, not measured',
  none: 'None',
};

export const CHECK_STATUSES: Readonly<Record<CheckStatus, ReportWord>> = {
  pass: word('Pass', 'good'),
  fail: word('Fail', 'bad'),
  'not-assessed': word('Not assessed', 'open'),
  error: word('Error', 'dark'),
};

export const RULE_RESULTS: Readonly<Record<RuleResult, ReportWord>> = {
  pass: word('Pass', 'good'),
  deny: word('Deny', 'bad'),
  warn: word('Warn', 'caution'),
  audit: word('Audit', 'open'),
  error: word('Error', 'dark'),
  unavailable: word('Unavailable', 'dark'),
};

export const SIGNATURE_STATUSES: Readonly<Record<SignatureAssessment['status'], ReportWord>> = {
  verified: word('Verified', 'good'),
  partial: word('Partly verified', 'caution'),
  failed: word('Not valid', 'bad'),
  'not-assessed': word('Not assessed', 'open'),
};

export const WAIVER_OUTCOMES: Readonly<Record<WaiverOutcome, ReportWord>> = {
  applied: word('Applied', 'caution'),
  expired: word('Void: expired', 'dark'),
  'other-artifact': word('Void: another artifact', 'dark'),
  refused: word('Refused', 'bad'),
  unused: word('Unused', 'plain'),
};

export const DIGEST_BASES: Readonly<Record<DigestBasis, string>> = {
  computed: 'computed from the bytes',
  claimed: 'claimed by the source, not computed',
  none: 'no digest',
};
