import type { Risk } from '../../core/assessment/index.ts';
import type { Judged } from '../context.ts';
import { keptText } from '../escape.ts';
import { mapOwasp, OWASP_RISKS, owaspCoverage } from '../owasp/index.ts';

/** bom-ref of who assessed. */
export const ASSESSOR = 'assessor';

/** OWASP's list, as a standard whose requirements are that each risk is dealt with. */
export function owaspStandard() {
  return {
    'bom-ref': 'owasp-ml-top-10',
    name: 'OWASP Machine Learning Security Top 10',
    version: '2023',
    owner: 'OWASP Foundation',
    requirements: Object.entries(OWASP_RISKS).map(([id, { title }]) => ({ 'bom-ref': id, identifier: id, title })),
    externalReferences: [{ type: 'website', url: 'https://owasp.org/www-project-machine-learning-security-top-10/' }],
  };
}

/** The attestation of one model: a claim or a counter-claim, and evidence, for each assessed risk. */
export function declarationsOf({ assessment }: Judged, model: string, now: Date) {
  const { risks } = mapOwasp(assessment);
  const { assessed, direct, of } = owaspCoverage(risks);
  const known = Object.entries(risks).filter(([, { status }]) => ASSESSED.has(status));
  return {
    attestation: {
      summary: `OWASP ML Top 10: assessed ${assessed}/${of}, direct ${direct}/${of}`,
      assessor: ASSESSOR,
      map: Object.entries(risks).map(([id, risk]) => mapping(id, risk, model)),
    },
    claims: known.map(([id, risk]) => claimOf(id, risk, model)),
    evidence: known.map(([id, risk]) => evidenceOf(id, risk, model, now)),
  };
}

const ASSESSED: ReadonlySet<string> = new Set(['pass', 'fail', 'partial']);

/** Only what passes or fails has a score: how much of a risk a partial answer covers is not known. */
const SCORES: Readonly<Partial<Record<Risk['status'], number>>> = { pass: 1, fail: 0 };

function mapping(id: string, { status, evidence, detail }: Risk, model: string) {
  const claim = [claimRef(model, id)];
  const score = SCORES[status];
  return {
    requirement: id,
    ...(status === 'fail' ? { counterClaims: claim } : ASSESSED.has(status) ? { claims: claim } : {}),
    conformance: { ...(score === undefined ? {} : { score }), rationale: keptText(`${status}: ${detail}`) },
    confidence: { rationale: `evidence: ${evidence}` },
  };
}

const PREDICATES: Readonly<Partial<Record<Risk['status'], string>>> = {
  pass: 'the assessed evidence speaks for the model',
  partial: 'part of it was assessed',
  fail: 'the assessed evidence speaks against the model',
};

function claimOf(id: string, { status, detail }: Risk, model: string) {
  const evidence = [evidenceRef(model, id)];
  return {
    'bom-ref': claimRef(model, id),
    target: model,
    predicate: `${id} ${OWASP_RISKS[id]?.title ?? ''}: ${PREDICATES[status] ?? status}`,
    reasoning: keptText(detail),
    ...(status === 'fail' ? { counterEvidence: evidence } : { evidence }),
  };
}

function evidenceOf(id: string, { evidence, checks, findings }: Risk, model: string, now: Date) {
  const lists = [
    { name: 'checks', ids: checks },
    { name: 'findings', ids: findings },
  ].filter(({ ids }) => ids.length > 0);
  return {
    'bom-ref': evidenceRef(model, id),
    description: `${evidence} evidence of a static assessment: the ids of its checks and the fingerprints of its findings`,
    ...(lists.length > 0 ? { data: lists.map(({ name, ids }) => listData(name, ids)) } : {}),
    created: now.toISOString(),
  };
}

function listData(name: string, ids: readonly string[]) {
  return { name, contents: { attachment: { contentType: 'text/plain', content: ids.map(keptText).join('\n') } } };
}

function claimRef(model: string, id: string): string {
  return `${model}/claim-${id}`;
}

function evidenceRef(model: string, id: string): string {
  return `${model}/evidence-${id}`;
}
