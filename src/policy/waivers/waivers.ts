import {
  type Assessment,
  type FileAssessment,
  type Finding,
  fingerprint,
  type JudgedWaiver,
  type RuleOutcome,
  type Verdict,
  WAIVER_RULES,
  type Waiver,
  type WaiverOutcome,
} from '../../core/assessment/index.ts';
import { endOfWaiver } from './end.ts';

/** The effect of waivers on an assessment. */
export interface WaiverJudgement {
  /** Fingerprints of findings that are waived. */
  readonly waived: ReadonlySet<string>;
  /** Paths of files whose verdict is waived. */
  readonly waivedFiles: ReadonlySet<string>;
  /** Every waiver that was given, in its order. */
  readonly judged: readonly JudgedWaiver[];
  /** Findings for void waivers, without those that the assessment already holds. */
  readonly findings: readonly Finding[];
}

/** The findings and files that a waiver would cover if it were valid. */
interface Reach {
  readonly findings: readonly Finding[];
  readonly files: readonly FileAssessment[];
}

const VERDICT = /^verdict\.(.+)$/;

/**
 * Rules that cannot be waived: malicious files, approvals that are missing, bytes that do not match a digest or a signature, and content that was not
 * scanned.
 */
const NEVER = /^(?:verdict\.malicious|stage\.approved|artifact\.(?:empty|incomplete)|fail-on\..*|waiver\..*)$/;

/**
 * Judges waivers over an assessment. A waiver binds to the artifact's tree digest and ends on its day; otherwise it is void,
 * and a finding when there is something that it would have waived. It may name:
 * - a rule of the catalogue: waives its findings, or those in `file`, except in a malicious file. When all findings of a file
 *   are waived and nothing else speaks against it, so is its verdict;
 * - `verdict.suspicious`, `verdict.unknown`, `verdict.not-assessed`: waives the verdict alone; findings keep their weight;
 * - a rule of the policy, without `file`: `waiveRules` applies it once the rules were evaluated.
 * No waiver covers a malicious file, a failed check of integrity, content that was not scanned, or a void waiver; `--fail-on`
 * counts
 * the findings that are not waived.
 */
export function judgeWaivers(assessment: Assessment, waivers: readonly Waiver[], now: Date): WaiverJudgement {
  const digest = boundDigest(assessment);
  const malicious = new Set(pathsOf(assessment, 'malicious'));
  const waived = new Set<string>();
  const waivedFiles = new Set<string>();
  const findings: Finding[] = [];
  const judged = waivers.map((waiver): JudgedWaiver => {
    const { rule, file } = waiver;
    const reach = reachOf(assessment, waiver);
    const report = (outcome: keyof typeof WAIVER_RULES, why: string) =>
      findings.push(waiverFinding(assessment, waiver, reach, outcome, why));
    const end = (outcome: WaiverOutcome, covered: readonly Finding[] = []): JudgedWaiver => ({
      waiver,
      outcome,
      findings: [...new Set(covered.map((finding) => finding.fingerprint))],
    });
    if (isNever(assessment, rule, reach)) {
      report('refused', `${rule} cannot be waived`);
      return end('refused');
    }
    if (digest === null || waiver.digest !== digest) {
      if (isEmpty(reach)) return end('other-artifact');
      report(
        'other-artifact',
        digest === null ? UNBOUND : `it is for ${waiver.digest}, but the artifact has ${digest}`,
      );
      return end('other-artifact');
    }
    if (!(now < endOfWaiver(waiver.expires))) {
      report('expired', `it expired on ${waiver.expires}`);
      return end('expired');
    }
    const covered = reach.findings.filter((finding) => !malicious.has(finding.file));
    if (covered.length < reach.findings.length) {
      report('refused', `${file ?? 'a file with such a finding'} is malicious, and a malicious file cannot be waived`);
      if (covered.length === 0) return end('refused');
    }
    for (const finding of covered) waived.add(finding.fingerprint);
    for (const { path } of reach.files) waivedFiles.add(path);
    return end(covered.length + reach.files.length > 0 ? 'applied' : 'unused', covered);
  });
  for (const path of explainedFiles(assessment, waived)) waivedFiles.add(path);
  return { waived, waivedFiles, judged, findings: unreported(assessment, findings) };
}

const UNBOUND = 'the digest of this artifact was not computed from its bytes, so no waiver can apply to it';

/**
 * Applies waivers to the rules of a policy, after they were evaluated: a rule that denied or warned and that a valid waiver
 * names becomes `audit`, and says why. A rule that could not be evaluated (`error`) is never waived. While a file is malicious
 * or a check of integrity fails, no rule is waived, because the rule may be about exactly that.
 */
export function waiveRules(
  assessment: Assessment,
  judged: readonly JudgedWaiver[],
  rules: readonly RuleOutcome[],
): { readonly judged: readonly JudgedWaiver[]; readonly rules: readonly RuleOutcome[] } {
  const broken = new Map(rules.filter(isBroken).map((rule) => [rule.id, rule]));
  const isVoid = pathsOf(assessment, 'malicious').length > 0 || assessment.checks.some(isIntegrityFailure);
  const applied = new Map<string, Waiver>();
  const settled = judged.map((one): JudgedWaiver => {
    const { waiver, outcome } = one;
    const holds = outcome === 'unused' || outcome === 'applied';
    if (!holds || waiver.file !== undefined || VERDICT.test(waiver.rule) || !broken.has(waiver.rule)) return one;
    if (isVoid) return outcome === 'applied' ? one : { ...one, outcome: 'refused' };
    applied.set(waiver.rule, applied.get(waiver.rule) ?? waiver);
    return { ...one, outcome: 'applied' };
  });
  return {
    judged: settled,
    rules: rules.map((rule) => {
      const waiver = isBroken(rule) ? applied.get(rule.id) : undefined;
      if (waiver === undefined) return rule;
      return {
        ...rule,
        outcome: 'audit',
        message: `waived by ${waiver.owner} until ${waiver.expires}: ${rule.message}`,
      };
    }),
  };
}

function isBroken({ outcome }: RuleOutcome): boolean {
  return outcome === 'deny' || outcome === 'warn' || outcome === 'unavailable';
}

/** The assessment with the findings for its void waivers, as reports show it and rules see it. */
export function withWaiverFindings(assessment: Assessment, waivers: readonly Waiver[], now: Date): Assessment {
  const { findings } = judgeWaivers(assessment, waivers, now);
  return findings.length === 0 ? assessment : { ...assessment, findings: [...assessment.findings, ...findings] };
}

/**
 * The digest that a waiver or an attestation can bind to. Not one of an artifact that changed or was not wholly read; and one that was only
 * claimed counts under a pinned commit of the Hub alone, as for decisions.
 */
export function boundDigest({ artifact, status, files }: Assessment): string | null {
  if (status !== 'complete') return null;
  const computed = files.every(({ digestBasis }) => digestBasis === 'computed');
  return computed || PINNED_TO_HUB.test(artifact.pinned) ? artifact.digest : null;
}

/** `hf://owner/model@<commit>`, or a path below. */
const PINNED_TO_HUB = /^hf:\/\/[^@]+@[0-9a-f]{40}(?:\/|$)/;

function reachOf(assessment: Assessment, { rule, file }: Waiver): Reach {
  const isHere = (path: string) => file === undefined || file === path;
  const [, verdict] = VERDICT.exec(rule) ?? [];
  return {
    findings: assessment.findings.filter((finding) => finding.ruleId === rule && isHere(finding.file)),
    files: assessment.files.filter((one) => one.verdict === verdict && verdict !== 'clean' && isHere(one.path)),
  };
}

function isEmpty({ findings, files }: Reach): boolean {
  return findings.length + files.length === 0;
}

/** Checks of integrity share their names with findings about what a signature leaves out: those may be waived. */
function isNever(assessment: Assessment, rule: string, { findings }: Reach): boolean {
  if (NEVER.test(rule)) return true;
  return findings.length === 0 && assessment.checks.some((check) => check.id === rule && isIntegrityFailure(check));
}

function isIntegrityFailure({ id, status }: Assessment['checks'][number]): boolean {
  return id.startsWith('integrity.') && (status === 'fail' || status === 'error');
}

function pathsOf({ files }: Assessment, verdict: Verdict): string[] {
  return files.filter((file) => file.verdict === verdict).map(({ path }) => path);
}

const OWN_RULES: ReadonlySet<string> = new Set(Object.values(WAIVER_RULES).map(({ id }) => id));

/** Files whose findings are all waived, and whose verdict nothing else explains. */
function explainedFiles({ files, findings }: Assessment, waived: ReadonlySet<string>): string[] {
  const open = new Set<string>();
  const covered = new Set<string>();
  for (const { ruleId, file, fingerprint } of findings) {
    if (OWN_RULES.has(ruleId)) continue;
    (waived.has(fingerprint) ? covered : open).add(file);
  }
  return files
    .filter(({ verdict, reasons, coverage }) => {
      const isWhole = reasons.length === 0 && coverage.gaps.length === 0;
      return isWhole && (verdict === 'suspicious' || verdict === 'unknown');
    })
    .map(({ path }) => path)
    .filter((path) => covered.has(path) && !open.has(path));
}

function waiverFinding(
  assessment: Assessment,
  waiver: Waiver,
  reach: Reach,
  outcome: keyof typeof WAIVER_RULES,
  why: string,
): Finding {
  const { id, ...rule } = WAIVER_RULES[outcome];
  const file = placeOf(assessment, waiver, reach);
  const subject = [waiver.rule, waiver.digest, waiver.file ?? '', waiver.owner, waiver.expires].join('\n');
  return {
    ruleId: id,
    ...rule,
    message: `A waiver of ${waiver.rule} by ${waiver.owner} (${waiver.from}) is void: ${why}`,
    file,
    fingerprint: fingerprint(id, file, undefined, subject),
  };
}

/** A finding is in a file: what the waiver would cover, or else the first one of the artifact. */
function placeOf({ files }: Assessment, { file }: Waiver, reach: Reach): string {
  const named = files.find(({ path }) => path === file);
  return reach.findings[0]?.file ?? reach.files[0]?.path ?? named?.path ?? files[0]?.path ?? '.';
}

function unreported({ findings: known }: Assessment, findings: readonly Finding[]): Finding[] {
  const seen = new Set(known.map((finding) => finding.fingerprint));
  return findings.filter((finding) => !seen.has(finding.fingerprint) && seen.add(finding.fingerprint));
}
