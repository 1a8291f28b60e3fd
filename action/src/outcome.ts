import {
  type Action,
  type Finding,
  type Severity,
  severityRank,
  worseAction,
} from '../../src/core/assessment/index.ts';
import type { Evaluated } from '../../src/pipeline/evaluate/index.ts';
import { findingText, withEvidence } from '../../src/report/index.ts';
import type { ChangeSet } from './change/index.ts';
import type { Comparison } from './comparison.ts';
import { judgeLines } from './lines.ts';
import type { ReferencedModel, ScannedReferences } from './references/index.ts';
import type { RunRules } from './rules.ts';
import { type ServiceDecision, serviceFindings, unavailableFinding } from './service/index.ts';

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
  readonly models: ServiceDecision | undefined;
  readonly referenced: readonly ReferencedModel[];
  /** What lines of the change say, and the change as a whole. */
  readonly lines: Evaluated;
  /** Everything, worst first. */
  readonly shown: readonly Shown[];
  readonly action: Action;
  /** What did not answer: why the step fails although nothing is denied, or passes without a decision. */
  readonly outages: readonly string[];
  readonly incomplete: boolean;
}

interface Parts {
  readonly comparison: Comparison;
  readonly change: ChangeSet;
  readonly models: ServiceDecision | undefined;
  readonly references: ScannedReferences;
}

export async function outcomeOf(parts: Parts, ruling: RunRules): Promise<RunOutcome> {
  const { comparison, change, models, references } = parts;
  const decisive = [...change.findings, ...ownFindings(models), ...references.findings];
  const lines = await judgeLines(decisive, change.files, ruling);
  const judged = references.models.flatMap(({ outcome }) => (outcome.kind === 'judged' ? [outcome.judged] : []));
  const all = [...(models === undefined ? [] : [models]), ...judged];
  // An outage says nothing of a model: by input it fails the step, or leaves it without a decision.
  const outages = outageFindings(parts, all);
  const told = withOutages(lines, outages);
  return {
    comparison,
    change,
    models,
    referenced: references.models,
    lines: told,
    shown: shownOf(models, references.models, told),
    action: all.reduce<Action>((worst, { action }) => worseAction(worst, action), lines.decision.action),
    outages: outagesOf(references.models, all),
    incomplete: !all.every(({ assessment }) => assessment.status === 'complete'),
  };
}

function ownFindings(models: ServiceDecision | undefined): readonly Finding[] {
  return models === undefined ? [] : serviceFindings(models, (paths) => paths.slice(0, 1).map((file) => ({ file })));
}

function outageFindings({ references, models }: Parts, all: readonly ServiceDecision[]): readonly Finding[] {
  const first = all.find(({ service }) => service.kind === 'unavailable');
  const place = references.models.find(({ outcome }) => outcome.kind === 'judged' && outcome.judged === first)
    ?.places[0];
  const file = place?.file ?? models?.assessment.files[0]?.path ?? '.';
  const spot = { file, ...(place === undefined ? {} : { line: place.line }) };
  const unavailable = first === undefined ? undefined : unavailableFinding(first, spot);
  return [...references.outages, ...(unavailable === undefined ? [] : [unavailable])];
}

function outagesOf(referenced: readonly ReferencedModel[], all: readonly ServiceDecision[]): readonly string[] {
  const stores = referenced.flatMap(({ outcome, reference }) => (outcome.kind === 'outage' ? [reference] : []));
  const isUnasked = all.some(({ service }) => service.kind === 'unavailable');
  return [...stores, ...(isUnasked ? ['the service of the organisation'] : [])];
}

/** The lines as they are reported: with what was not looked at. */
function withOutages({ assessment, decision }: Evaluated, outages: readonly Finding[]): Evaluated {
  if (outages.length === 0) return { assessment, decision };
  const findings = [...assessment.findings, ...outages];
  return { assessment: { ...assessment, findings, status: 'incomplete' }, decision };
}

function shownOf(
  models: ServiceDecision | undefined,
  referenced: readonly ReferencedModel[],
  lines: Evaluated,
): readonly Shown[] {
  const own = [
    ...(models === undefined ? [] : ofArtifact(models, models.approved, undefined)),
    ...unwaived(lines).map((finding) => shown(finding, undefined)),
  ];
  const far = referenced.flatMap(({ outcome, places }) => {
    if (outcome.kind !== 'judged') return [];
    const [place] = places;
    const { judged } = outcome;
    return place === undefined ? [] : ofArtifact(judged, judged.approved, { file: place.file, line: place.line });
  });
  return [...own, ...far].sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
}

function unwaived({ assessment, decision }: Evaluated): readonly Finding[] {
  const waived = new Set(decision.waivers.flatMap(({ outcome, findings }) => (outcome === 'applied' ? findings : [])));
  return assessment.findings.filter(({ fingerprint }) => !waived.has(fingerprint));
}

/** Findings of an artifact, and of its files that no finding explains: without them, silence would look like safety. */
function ofArtifact(
  judged: Evaluated,
  approved: ReadonlySet<string>,
  place: { file: string; line: number } | undefined,
): Shown[] {
  const { assessment } = judged;
  const found = unwaived(judged).filter(({ file }) => !approved.has(file));
  const explained = new Set(assessment.findings.filter(({ severity }) => severity !== 'info').map(({ file }) => file));
  const silent = assessment.files.filter(({ path, verdict }) => {
    const isOpen = verdict === 'unknown' || verdict === 'not-assessed';
    return isOpen && !explained.has(path) && !approved.has(path);
  });
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
