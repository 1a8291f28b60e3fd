import { type Assessment, type Check, type Finding, type Risk, severityRank } from '../../core/assessment/index.ts';
import { count } from '../style.ts';
import { meaningOf } from './checks.ts';
import {
  dataPoisoning,
  type JudgedRisk,
  type KnownFacts,
  modelPoisoning,
  modelTheft,
  names,
  supplyChain,
  transferLearning,
} from './risks.ts';

/** A risk of the OWASP Machine Learning Security Top 10 (2023). */
interface RiskDefinition {
  readonly title: string;
  /** The check that would answer it. */
  readonly check: string;
  /** What to do to assess it, as an imperative. */
  readonly needs: string;
  /** The status that the assessment alone gives. */
  readonly judge?: (known: KnownFacts) => JudgedRisk;
}

const FILES_CHECK = 'scan.files';
const NOT_RUN = 'assay test measures it, and --attestation gives the result to a scan';

export const OWASP_RISKS: Readonly<Record<string, RiskDefinition>> = {
  'ML01:2023': {
    title: 'Input Manipulation Attack',
    check: 'behavior.adversarial',
    needs: `measure the accuracy of the model on adversarial and corrupted inputs; ${NOT_RUN}`,
  },
  'ML02:2023': {
    title: 'Data Poisoning Attack',
    check: 'provenance.training-data',
    needs: 'compare the training data with its manifest, and look in it for duplicates, triggers and flipped labels',
    judge: dataPoisoning,
  },
  'ML03:2023': {
    title: 'Model Inversion Attack',
    check: 'behavior.inversion',
    needs: `try to invert the model, and review what its service exposes (logits, rate limits); ${NOT_RUN}`,
  },
  'ML04:2023': {
    title: 'Membership Inference Attack',
    check: 'behavior.membership',
    needs: `measure a loss-threshold attack with data that the model was trained on and data that it was not; ${NOT_RUN}`,
  },
  'ML05:2023': {
    title: 'Model Theft',
    check: 'serving.theft',
    needs: 'review who can read the weights, and the query limits of its service',
    judge: modelTheft,
  },
  'ML06:2023': {
    title: 'AI Supply Chain Attacks',
    check: FILES_CHECK,
    needs: 'follow the remedy of each file: none could be judged',
    judge: supplyChain,
  },
  'ML07:2023': {
    title: 'Transfer Learning Attack',
    check: 'provenance.base-model',
    needs: 'find out its base model (it declares none), and assess that model by its digest',
    judge: transferLearning,
  },
  'ML08:2023': {
    title: 'Model Skewing',
    check: 'provenance.drift',
    needs: 'compare labels and features of the training data with those of the previous version',
  },
  'ML09:2023': {
    title: 'Output Integrity Attack',
    check: 'serving.output',
    needs: 'reproduce known outputs of the model, and review TLS and authentication of its service',
  },
  'ML10:2023': {
    title: 'Model Poisoning',
    check: 'integrity.weights',
    needs: 'verify a signature over the model (assay verify), or compare its weights with an approved version',
    judge: modelPoisoning,
  },
};

export interface OwaspMap {
  /** By id, `ML01:2023` to `ML10:2023`. */
  readonly risks: Readonly<Record<string, Risk>>;
  /** Checks that were not assessed, each with what would assess it: checks of the report like all others. */
  readonly open: readonly Check[];
}

/** What is known of each of the ten risks. None passes without evidence; what is open names the check that would close it. */
export function mapOwasp(assessment: Assessment): OwaspMap {
  const open: Check[] = [];
  const risks: Record<string, Risk> = {};
  for (const [id, definition] of Object.entries(OWASP_RISKS)) {
    const known: KnownFacts = {
      assessment,
      findings: assessment.findings.filter((finding) => finding.owasp.includes(id)),
      checks: assessment.checks.filter((check) => meaningOf(check.id)?.risks.includes(id) === true),
    };
    const judged = judge(definition, known);
    const asked = asksFor(definition, judged);
    if (asked !== undefined && !assessment.checks.some((check) => check.id === definition.check)) {
      open.push({ id: definition.check, status: 'not-assessed', detail: `${id} ${definition.title}: ${asked}` });
    }
    const checks = new Set([
      ...(asked === undefined ? [] : [definition.check]),
      ...known.checks.map((check) => check.id),
    ]);
    risks[id] = { ...judged, checks: [...checks], findings: known.findings.map((finding) => finding.fingerprint) };
  }
  return { risks, open };
}

/** What would answer the rest of a risk; `undefined` when it is answered, or nothing but the files themselves would. */
function asksFor({ check, needs }: RiskDefinition, judged: NonNullable<JudgedRisk>): string | undefined {
  if (judged.status === 'not-assessed') return judged.detail;
  return judged.status === 'partial' && check !== FILES_CHECK ? needs : undefined;
}

/** "assessed 1/10, direct 1/10": how much of the list the evidence covers. */
export function owaspCoverage(risks: OwaspMap['risks']): { assessed: number; direct: number; of: number } {
  const all = Object.values(risks);
  return {
    assessed: all.filter((risk) => risk.status !== 'not-assessed').length,
    direct: all.filter((risk) => risk.status !== 'not-assessed' && risk.evidence === 'direct').length,
    of: all.length,
  };
}

/**
 * In this order: findings against it, the result of its own check, the status by the assessment alone, and the missing check.
 */
function judge(definition: RiskDefinition, known: KnownFacts): NonNullable<JudgedRisk> {
  return (
    against(known) ??
    answered(definition, known) ??
    definition.judge?.(known) ??
    hinted(known) ??
    unanswered(definition, known)
  );
}

function against({ findings, checks }: KnownFacts): JudgedRisk {
  const weighty = findings.filter(isWeighty);
  const failed = checks.filter((check) => check.status === 'fail');
  if (weighty.length === 0 && failed.length === 0) return undefined;
  const reasons = [
    ...(weighty.length > 0 ? [`${count(weighty.length, 'finding')} of medium severity or worse`] : []),
    ...failed.map(({ id }) => `the check ${id} fails`),
  ];
  const isDirect = weighty.length > 0 || failed.some(({ id }) => meaningOf(id)?.evidence === 'direct');
  return { status: 'fail', evidence: isDirect ? 'direct' : 'proxy', detail: reasons.join('; ') };
}

function answered(definition: RiskDefinition, { checks }: KnownFacts): JudgedRisk {
  const check = checks.find(({ id, status }) => id === definition.check && status === 'pass');
  if (check === undefined) return undefined;
  return { status: 'pass', evidence: meaningOf(check.id)?.evidence ?? 'none', detail: check.detail };
}

/** A scanner reported something of no weight. The absence of further findings proves nothing, so the risk cannot pass. */
function hinted({ findings }: KnownFacts): JudgedRisk {
  if (findings.length === 0) return undefined;
  return { status: 'partial', evidence: 'direct', detail: `${count(findings.length, 'finding')} of low severity` };
}

function unanswered(definition: RiskDefinition, { assessment, checks }: KnownFacts): NonNullable<JudgedRisk> {
  const asked = checks.find(({ id }) => id === definition.check);
  const { datasets } = assessment.declared;
  const data = definition.check === 'provenance.training-data' && datasets.length > 0;
  const needs = data ? `${definition.needs}; it declares ${names(datasets)}` : definition.needs;
  return { status: 'not-assessed', evidence: 'none', detail: asked?.detail ?? needs };
}

function isWeighty(finding: Finding): boolean {
  return severityRank(finding.severity) >= severityRank('medium');
}
