import type { Assessment, Risk } from '../core/assessment.ts';
import type { Check } from '../core/check.ts';
import type { Finding } from '../core/finding.ts';
import { severityRank } from '../core/severity.ts';

/** The check that stands for a risk while nothing assessed it, and what would. */
interface OpenQuestion {
  readonly check: string;
  readonly needs: string;
}

/** A risk of the OWASP Machine Learning Security Top 10 (2023). */
interface RiskDefinition {
  readonly title: string;
  /** Absent for what a scan itself assesses. */
  readonly open?: OpenQuestion;
}

const SCANNED_ONLY = 'a static scan never runs the model';

export const OWASP_RISKS: Readonly<Record<string, RiskDefinition>> = {
  'ML01:2023': {
    title: 'Input Manipulation Attack',
    open: { check: 'behavior.adversarial', needs: `${SCANNED_ONLY}: run adversarial and corruption tests on it` },
  },
  'ML02:2023': {
    title: 'Data Poisoning Attack',
    open: {
      check: 'provenance.training-data',
      needs: 'check the training data against its manifest and for anomalies',
    },
  },
  'ML03:2023': {
    title: 'Model Inversion Attack',
    open: {
      check: 'behavior.inversion',
      needs: `${SCANNED_ONLY}: test inversion, and review what its service exposes`,
    },
  },
  'ML04:2023': {
    title: 'Membership Inference Attack',
    open: { check: 'behavior.membership', needs: `${SCANNED_ONLY}: measure a loss-threshold attack on member data` },
  },
  'ML05:2023': {
    title: 'Model Theft',
    open: { check: 'serving.theft', needs: 'review access to the registry and the rate limits of the service' },
  },
  'ML06:2023': { title: 'AI Supply Chain Attacks' },
  'ML07:2023': {
    title: 'Transfer Learning Attack',
    open: { check: 'provenance.base-model', needs: 'resolve each base model by digest and assess it too' },
  },
  'ML08:2023': {
    title: 'Model Skewing',
    open: { check: 'provenance.drift', needs: 'compare labels and features with the previous training data' },
  },
  'ML09:2023': {
    title: 'Output Integrity Attack',
    open: {
      check: 'serving.output',
      needs: 'reproduce known outputs, and review TLS and authentication of the service',
    },
  },
  'ML10:2023': {
    title: 'Model Poisoning',
    open: { check: 'integrity.weights', needs: 'verify a signature, or compare the weights with an approved version' },
  },
};

const NOTHING_JUDGED: OpenQuestion = { check: 'scan.files', needs: 'no file could be judged; see the reasons of each' };

export interface OwaspMap {
  /** By id, `ML01:2023` to `ML10:2023`. */
  readonly risks: Readonly<Record<string, Risk>>;
  /** The questions that nothing answered, each saying what would: checks of the report like all others. */
  readonly open: readonly Check[];
}

/** What a scan knows of each of the ten risks. None passes without evidence; what is open names the check that would close it. */
export function mapOwasp(assessment: Assessment): OwaspMap {
  const open: Check[] = [];
  const risks: Record<string, Risk> = {};
  for (const [id, definition] of Object.entries(OWASP_RISKS)) {
    risks[id] =
      definition.open === undefined
        ? supplyChain(id, definition, assessment, open)
        : (fromFindings(id, assessment) ??
          (id === 'ML10:2023' ? fromSignatures(assessment) : undefined) ??
          openRisk(`${id} ${definition.title}`, definition.open, assessment, open));
  }
  return { risks, open };
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

function supplyChain(id: string, definition: RiskDefinition, assessment: Assessment, open: Check[]): Risk {
  const about = findingsOf(id, assessment);
  const findings = about.map((finding) => finding.fingerprint);
  const checks = assessment.checks.filter(
    (check) => check.id.startsWith('integrity.') || check.status === 'not-assessed',
  );
  const base = { evidence: 'direct', checks: uniqueIds(checks), findings } as const;
  const mismatch = assessment.checks.some((check) => check.id.startsWith('integrity.') && check.status === 'fail');
  const harmful = assessment.files.some(({ verdict }) => verdict === 'malicious' || verdict === 'suspicious');
  if (mismatch || harmful || about.some(isWeighty))
    return { status: 'fail', detail: 'files, findings or failed checks speak against it', ...base };
  const judged = assessment.files.filter(({ verdict }) => verdict === 'clean').length;
  if (judged === 0) return openRisk(`${id} ${definition.title}`, NOTHING_JUDGED, assessment, open);
  const all = judged === assessment.files.length && assessment.status === 'complete';
  return {
    status: all ? 'pass' : 'partial',
    detail: all ? 'every file was judged' : 'not every file could be judged',
    ...base,
  };
}

/** A risk that a scanner happened to see. Seeing nothing proves nothing, so it cannot pass here. */
function fromFindings(id: string, assessment: Assessment): Risk | undefined {
  const about = findingsOf(id, assessment);
  if (about.length === 0) return undefined;
  const findings = about.map((finding) => finding.fingerprint);
  return {
    status: about.some(isWeighty) ? 'fail' : 'partial',
    evidence: 'direct',
    detail: 'scanners found what speaks against it',
    checks: [],
    findings,
  };
}

/** Signed weights are those that their maker released; how they behave is another question, so this never passes. */
function fromSignatures({ signatures }: Assessment): Risk | undefined {
  const base = { evidence: 'direct', checks: ['integrity.signature'], findings: [] } as const;
  if (signatures.some(({ status }) => status === 'failed'))
    return { status: 'fail', detail: 'a signature over the weights does not hold', ...base };
  return signatures.some(({ status }) => status === 'verified')
    ? { status: 'partial', detail: 'the weights are those that were signed; how they behave was not tested', ...base }
    : undefined;
}

function openRisk(name: string, question: OpenQuestion, assessment: Assessment, open: Check[]): Risk {
  if (!assessment.checks.some((known) => known.id === question.check)) {
    open.push({ id: question.check, status: 'not-assessed', detail: `${name}: ${question.needs}` });
  }
  return { status: 'not-assessed', evidence: 'none', detail: question.needs, checks: [question.check], findings: [] };
}

function findingsOf(id: string, assessment: Assessment): Finding[] {
  return assessment.findings.filter((finding) => finding.owasp.includes(id));
}

function isWeighty(finding: Finding): boolean {
  return severityRank(finding.severity) >= severityRank('medium');
}

function uniqueIds(checks: readonly Check[]): string[] {
  return [...new Set(checks.map((check) => check.id))];
}
