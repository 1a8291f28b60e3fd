import type { Assessment, Check, Finding, Risk } from '../../core/assessment/index.ts';
import { isCommit, isRepoName } from '../../core/reference/index.ts';
import { cut } from '../escape.ts';
import { count } from '../style.ts';

/** The facts of an assessment about one risk. */
export interface KnownFacts {
  readonly assessment: Assessment;
  /** The findings and the answered checks that are about it. */
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
}

/** What is made of that; `undefined` where nothing tells. */
export type JudgedRisk = Pick<Risk, 'status' | 'evidence' | 'detail'> | undefined;

/** Names that a sentence lists, and UTF-16 units of one. */
const MAX_NAMES = 5;
const MAX_NAME = 100;

/** ML02. Data that is known by its digest can be looked at; that says nothing of what is in it. */
export function dataPoisoning({ checks }: KnownFacts): JudgedRisk {
  const known = checks.find(({ id, status }) => id === 'data.provenance' && status === 'pass');
  if (known === undefined) return undefined;
  return {
    status: 'partial',
    evidence: 'proxy',
    detail: `${known.detail}; the data itself was not searched for poisoned rows`,
  };
}

/** ML05. An address says who may have the weights, and nobody checked that it is true. */
export function modelTheft({ assessment }: KnownFacts): JudgedRisk {
  if (!assessment.artifact.ref.startsWith('hf://')) return undefined;
  return {
    status: 'partial',
    evidence: 'declared',
    detail:
      'published on the Hub: if the repository is public, everybody has the weights; its visibility and the query limits of a service were not assessed',
  };
}

/** ML06. Passes when every file was judged, and something binds the bytes to where they came from. */
export function supplyChain({ assessment, findings, checks }: KnownFacts): JudgedRisk {
  const { files, status } = assessment;
  const harmful = files.filter(({ verdict }) => verdict === 'malicious' || verdict === 'suspicious').length;
  if (harmful > 0) return direct('fail', `${count(harmful, 'file')} of ${files.length} malicious or suspicious`);
  const clean = files.filter(({ verdict }) => verdict === 'clean').length;
  if (clean === 0) return undefined;
  const parsed = `${count(clean, 'file')} of ${files.length} fully parsed, with nothing that runs`;
  const open = [
    ...(clean < files.length ? [`${count(files.length - clean, 'file')} could not be judged`] : []),
    ...(status === 'incomplete' ? ['the artifact was not fully read'] : []),
    ...checks.filter((check) => check.status === 'error').map(({ id }) => `${id} has no result`),
    ...(findings.some(({ ruleId }) => ruleId.startsWith('hub.remote-code.'))
      ? ['it names code that a loader fetches']
      : []),
  ];
  const origin = originOf(assessment);
  if (origin === undefined) {
    open.push(
      'nothing binds the bytes to an origin: verify a signature (assay verify), or scan the address they came from at a fixed commit or digest',
    );
  }
  return open.length === 0
    ? direct('pass', `${parsed}; ${origin}`)
    : direct('partial', `${parsed}; ${open.join('; ')}`);
}

/** References that stand for the same bytes for ever. */
const PINNED =
  /^(?:hf:\/\/[^@]+@[0-9a-f]{40}(?:\/|$)|oci:\/\/[^@]+@sha256:[0-9a-f]{64}$|https:.*#sha256=[0-9a-f]{64}$)/s;

/** The evidence that the bytes are those of a release. */
function originOf({ artifact, signatures, checks }: Assessment): string | undefined {
  if (signatures.some(({ status }) => status === 'verified')) return 'a trusted signature covers them';
  if (passes(checks, 'conversion.attested') && passes(checks, 'conversion.source'))
    return 'a trusted signer converted them from a clean source';
  const pinned = artifact.digest !== null && PINNED.test(artifact.pinned);
  return pinned ? 'the address pins their digests; no signature proves their origin' : undefined;
}

function passes(checks: readonly Check[], wanted: string): boolean {
  return checks.some(({ id, status }) => id === wanted && status === 'pass');
}

/** ML07. Base models that are named by commit can be looked up, but only the model itself declares them. */
export function transferLearning({ assessment }: KnownFacts): JudgedRisk {
  const { baseModels } = assessment.declared;
  if (baseModels.length === 0) return undefined;
  if (!baseModels.every((name) => isCommit(name.split('@')[1]))) {
    return {
      status: 'not-assessed',
      evidence: 'none',
      detail: `resolve each declared base model by digest and assess it: ${howToAssess(baseModels)}`,
    };
  }
  return {
    status: 'partial',
    evidence: 'declared',
    detail: `declares ${names(baseModels)} as base model, which was not assessed with it: ${howToAssess(baseModels)}`,
  };
}

function howToAssess(baseModels: readonly string[]): string {
  const commands = baseModels.map((name) => (isHubModel(name) ? `assay scan hf://${name}` : cut(name, MAX_NAME)));
  return listed(commands);
}

function isHubModel(name: string): boolean {
  const [repo = '', revision, ...rest] = name.split('@');
  return rest.length === 0 && isRepoName(repo) && (revision === undefined || /^[\w.-]{1,100}$/.test(revision));
}

/** ML10. Bytes that are those of a release were not changed since; a digest does not show whether they were poisoned before. */
export function modelPoisoning({ assessment, checks }: KnownFacts): JudgedRisk {
  const { signatures } = assessment;
  if (signatures.some(({ status }) => status === 'failed')) {
    return direct('fail', 'a signature over the model is not valid');
  }
  const missing = 'only a comparison with an approved version can detect earlier poisoning';
  if (signatures.some(({ status }) => status === 'verified')) {
    return direct('partial', `the weights match the signature; ${missing}`);
  }
  if (passes(checks, 'conversion.attested') && passes(checks, 'conversion.verified'))
    return direct('partial', `a trusted signer converted the weights, and compared them with their source; ${missing}`);
  if (passes(checks, 'conversion.rebuild'))
    return direct('partial', `each ONNX model is the graph that is rebuilt from its weights; ${missing}`);
  const announced = checks.find(({ id, status }) => id.startsWith('integrity.') && status === 'pass');
  if (announced === undefined) return undefined;
  const detail = `the weights match the claimed digests (${announced.id}), but have no signature; ${missing}`;
  return { status: 'partial', evidence: 'proxy', detail };
}

function direct(status: Risk['status'], detail: string): JudgedRisk {
  return { status, evidence: 'direct', detail };
}

/** Text of an artifact within a sentence: few names, each cut. */
export function names(values: readonly string[]): string {
  return listed(values.map((value) => cut(value, MAX_NAME)));
}

function listed(values: readonly string[]): string {
  const more = values.length - MAX_NAMES;
  return values.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
