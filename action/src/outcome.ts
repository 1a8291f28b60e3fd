import {
  type Action,
  type Assessment,
  type Finding,
  NOTHING_DECLARED,
  type Severity,
  severityRank,
} from '../../src/core/assessment/index.ts';
import type { Evaluated } from '../../src/pipeline/evaluate/index.ts';
import { findingText, withEvidence } from '../../src/report/index.ts';
import { rulesetOf } from '../../src/scan/rules/index.ts';
import type { ChangeSet } from './change/index.ts';
import type { Comparison } from './comparison.ts';
import type { Inputs } from './inputs.ts';
import { actionOf, isComplete, type JudgedModels, worseAction } from './judge.ts';
import type { ReferencedModel, ScannedReferences } from './references/index.ts';
import type { RunRules } from './rules.ts';

/** A finding with the place of the repository that a person is led to. */
export interface Shown {
  readonly severity: Severity;
  readonly ruleId: string;
  readonly message: string;
  readonly file: string;
  readonly line: number | undefined;
  /** Within an archive, or of another artifact. */
  readonly within: string | undefined;
}

/** All that a run found, and what comes of it. */
export interface RunOutcome {
  readonly comparison: Comparison;
  readonly change: ChangeSet;
  /** The model files of the change. */
  readonly models: Evaluated | undefined;
  readonly referenced: readonly ReferencedModel[];
  /** What lines of the change say, and the change as a whole. */
  readonly lines: Evaluated;
  /** Everything, worst first. */
  readonly shown: readonly Shown[];
  readonly action: Action;
  /** Why the step fails although nothing is denied, or passes without a decision. */
  readonly outages: readonly ReferencedModel[];
  readonly incomplete: boolean;
}

export function outcomeOf(
  parts: {
    readonly comparison: Comparison;
    readonly change: ChangeSet;
    readonly models: JudgedModels;
    readonly references: ScannedReferences;
    readonly extra: readonly Finding[];
  },
  inputs: Inputs,
  ruling: RunRules,
): RunOutcome {
  const { comparison, change, models, references } = parts;
  const outages = references.models.filter(({ outcome }) => outcome.kind === 'outage');
  const decisive = [...change.findings, ...parts.extra, ...references.findings];
  const own = actionOf(decisive, inputs.failOn);
  // An outage says nothing of a model: by input it fails the step, or leaves it without a decision.
  const findings = [...decisive, ...references.outages];
  const lines = linesJudged(findings, own, ruling);
  const judged = references.models.flatMap(({ outcome }) => (outcome.kind === 'judged' ? [outcome.judged] : []));
  const all = [...(models.judged === undefined ? [] : [models.judged]), ...judged];
  const action = all.reduce((worst, { decision }) => worseAction(worst, decision.action), own);
  return {
    comparison,
    change,
    models: models.judged,
    referenced: references.models,
    lines,
    shown: shownOf(models.judged, references.models, findings),
    action,
    outages,
    incomplete: !all.every(isComplete),
  };
}

/** The findings of lines as one more judged artifact, for reports: the change itself. */
function linesJudged(findings: readonly Finding[], action: Action, { rules, terms }: RunRules): Evaluated {
  const assessment: Assessment = {
    artifact: { ref: '.', pinned: '.', digest: null },
    status: 'complete',
    files: [],
    findings,
    checks: [],
    signatures: [],
    declared: NOTHING_DECLARED,
    ruleset: rulesetOf(rules.allowances.allowances, rules.lists),
    notes: [],
    stats: { files: 0, bytesTotal: 0, bytesRead: 0, durationMs: 0 },
  };
  const byRule = new Map<string, string[]>();
  for (const { ruleId, fingerprint } of findings) byRule.set(ruleId, [...(byRule.get(ruleId) ?? []), fingerprint]);
  const violations =
    action === 'allow'
      ? []
      : [...byRule].map(([rule, prints]) => ({ rule, message: `${prints.length} in the change`, findings: prints }));
  const { name, digest } = terms.policy;
  return { assessment, decision: { action, policy: name, policyDigest: digest, violations, rules: [], waivers: [] } };
}

function shownOf(
  models: Evaluated | undefined,
  referenced: readonly ReferencedModel[],
  lines: readonly Finding[],
): readonly Shown[] {
  const own = [
    ...(models === undefined ? [] : ofArtifact(models, undefined)),
    ...lines.map((finding) => shown(finding, undefined)),
  ];
  const far = referenced.flatMap(({ outcome, places }) => {
    if (outcome.kind !== 'judged') return [];
    const [place] = places;
    return place === undefined ? [] : ofArtifact(outcome.judged, { file: place.file, line: place.line });
  });
  return [...own, ...far].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
}

/** Findings of an artifact, and of its files that no finding explains: without them, silence would look like safety. */
function ofArtifact({ assessment, decision }: Evaluated, place: { file: string; line: number } | undefined): Shown[] {
  const waived = new Set(decision.waivers.flatMap(({ outcome, findings }) => (outcome === 'applied' ? findings : [])));
  const found = assessment.findings.filter(({ fingerprint }) => !waived.has(fingerprint));
  const explained = new Set(assessment.findings.filter(({ severity }) => severity !== 'info').map(({ file }) => file));
  const silent = assessment.files.filter(
    ({ path, verdict }) => (verdict === 'unknown' || verdict === 'not-assessed') && !explained.has(path),
  );
  const within = place === undefined ? undefined : assessment.artifact.pinned;
  return [
    ...found.map((finding) => shown(finding, place, within)),
    ...silent.map(({ path, verdict, reasons }): Shown => {
      const message = [
        `${path}: ${verdict === 'unknown' ? 'could not be fully read' : 'no scanner judges this format yet'}`,
        ...reasons,
      ].join('; ');
      const severity = verdict === 'unknown' ? 'high' : 'low';
      return { severity, ruleId: `verdict.${verdict}`, message, file: place?.file ?? path, line: place?.line, within };
    }),
  ];
}

function shown(finding: Finding, place: { file: string; line: number } | undefined, within?: string): Shown {
  const { severity, ruleId, message, file, member, line, evidence } = finding;
  const isLine = place === undefined && line !== undefined && member === undefined;
  const text = isLine ? withEvidence(message, evidence) : findingText(finding);
  const at = place === undefined ? (isLine ? line : undefined) : place.line;
  return { severity, ruleId, message: text, file: place?.file ?? file, line: at, within };
}

/** The least severe that is shown. */
export function atLeast(all: readonly Shown[], severity: Severity): readonly Shown[] {
  return all.filter((one) => severityRank(one.severity) >= severityRank(severity));
}
