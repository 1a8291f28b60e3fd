import { askDecisions, openService, type ServiceConnection } from '../../../src/client/index.ts';
import { type Action, type Assessment, type Violation, worseAction } from '../../../src/core/assessment/index.ts';
import { AssayError, isAssayError } from '../../../src/core/index.ts';
import { decideBy, type Evaluated } from '../../../src/pipeline/evaluate/index.ts';
import { type CurrentDecision, isRegistryError } from '../../../src/registry/index.ts';
import { CHANGE_RULES } from '../../../src/scan/rules/index.ts';
import type { RunRules } from '../rules.ts';
import type { AskedSubject } from './subjects.ts';

/** A decision, with what the service of the organisation makes of it. */
export interface ServiceDecision extends Evaluated {
  /** What comes of it: the decision of the run, unless the service says otherwise. */
  readonly action: Action;
  /** Paths of files that the service lets through by an approval or a waiver of exactly their bytes. */
  readonly approved: ReadonlySet<string>;
  readonly service: ServiceAnswer;
}

export type ServiceAnswer =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'unknown'; readonly by: string }
  | { readonly kind: 'answered'; readonly by: string; readonly denials: readonly Denial[] }
  /** It is not known what it would say. */
  | { readonly kind: 'unavailable'; readonly error: AssayError };

export interface Denial {
  readonly about: string;
  readonly paths: readonly string[];
  readonly why: string;
}

/** Where artifacts are asked about. */
export interface DecisionService {
  decide(judged: Evaluated, subjects: readonly AskedSubject[]): Promise<ServiceDecision>;
  close(): Promise<void>;
}

/** What is decided without a service. */
export const NO_SERVICE: DecisionService = {
  decide: async (judged) => decidedAlone(judged, { kind: 'not-asked' }),
  close: async () => {},
};

/** A service that cannot be asked, and why. */
export function unavailableService(error: AssayError): DecisionService {
  return { decide: async (judged) => decidedAlone(judged, { kind: 'unavailable', error }), close: async () => {} };
}

interface DecisionServiceOptions {
  readonly url: URL;
  readonly token: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly ruling: RunRules;
}

/**
 * Asks the service of the organisation. What it denies is denied. It lets through what the run denies only where people approved or
 * waived exactly these bytes there, and never what is malicious, incomplete or not what was announced.
 */
export function openDecisionService({ url, token, env, signal, ruling }: DecisionServiceOptions): DecisionService {
  const service = openService(url, { token, tokenHint: 'check the input service-token', env, signal });
  let outage: AssayError | undefined;
  return {
    async decide(judged, subjects) {
      if (outage !== undefined) return decidedAlone(judged, { kind: 'unavailable', error: outage });
      const asked = await answersOf(service, subjects, signal);
      if (asked instanceof AssayError) {
        // One answer that does not come is waited for, not each.
        outage = asked;
        return decidedAlone(judged, { kind: 'unavailable', error: asked });
      }
      return combined(service.name, judged, asked, ruling);
    },
    close: () => service.close(),
  };
}

const DENIED = CHANGE_RULES.serviceDenied.id;

/** What led the run itself to deny an artifact; nothing when the service alone does. */
export function ownDenial({ decision }: ServiceDecision): readonly Violation[] {
  return decision.action === 'deny' ? decision.violations.filter(({ rule }) => rule !== DENIED) : [];
}

/** What the service said of a subject. */
interface Asked {
  readonly subject: AskedSubject;
  readonly answers: readonly CurrentDecision[];
}

/** @throws AssayError for a wrong answer, which is neither an outage nor a decision */
async function answersOf(
  service: ServiceConnection,
  subjects: readonly AskedSubject[],
  signal: AbortSignal,
): Promise<readonly Asked[] | AssayError> {
  try {
    const all = await askDecisions(
      service,
      subjects.map(({ query }) => query),
      signal,
    );
    return subjects.map((subject, index) => ({ subject, answers: all[index] ?? [] }));
  } catch (error) {
    if (isAssayError(error) && error.code === 'network') return error;
    if (isRegistryError(error)) {
      const hint = 'give service-token a token with the role gate';
      throw new AssayError('unauthorized', error.message, { subject: service.name, hint, cause: error });
    }
    throw error;
  }
}

async function combined(
  by: string,
  judged: Evaluated,
  asked: readonly Asked[],
  ruling: RunRules,
): Promise<ServiceDecision> {
  if (asked.every(({ answers }) => answers.length === 0)) return decidedAlone(judged, { kind: 'unknown', by });
  const denials = asked.flatMap(({ subject, answers }) =>
    answers
      .filter(({ action }) => action === 'deny')
      .map(({ model, number, stage, reason }) => ({
        about: subject.about,
        paths: subject.paths,
        why: `${model}@${number} (${stage}): ${reason}`,
      })),
  );
  const said = { kind: 'answered', by, denials } as const;
  const worst = asked
    .flatMap(({ answers }) => answers)
    .reduce<Action>((sum, { action }) => worseAction(sum, action), 'allow');
  const approved = denials.length > 0 ? new Set<string>() : approvedPaths(judged.assessment, asked);
  const own = await withoutApproved(judged, approved, ruling);
  const action = worseAction(own.decision.action, worst);
  const violations = [
    ...(action === own.decision.action ? own.decision.violations : []),
    ...denials.map(({ about, why }) => ({
      rule: DENIED,
      message: `${about} is denied by ${by}: ${why}`,
      findings: [],
    })),
  ];
  return { ...own, decision: { ...own.decision, action, violations }, action, approved, service: said };
}

/** Files that an answer lets through, which rests on an approval or a waiver of exactly these bytes. */
function approvedPaths({ files, status, checks }: Assessment, asked: readonly Asked[]): ReadonlySet<string> {
  const isBroken = checks.some(
    ({ id, status: is }) => id.startsWith('integrity.') && (is === 'fail' || is === 'error'),
  );
  if (status !== 'complete' || isBroken) return new Set();
  const malicious = new Set(files.filter(({ verdict }) => verdict === 'malicious').map(({ path }) => path));
  const given = asked.filter(
    ({ subject, answers }) => subject.isExact && answers.some(({ restsOn = [] }) => restsOn.length > 0),
  );
  return new Set(given.flatMap(({ subject }) => subject.paths).filter((path) => !malicious.has(path)));
}

/** The decision on what is left when approved files are not counted. */
async function withoutApproved(
  judged: Evaluated,
  approved: ReadonlySet<string>,
  { terms }: RunRules,
): Promise<Evaluated> {
  const { assessment, decision } = judged;
  if (approved.size === 0 || decision.action === 'allow') return judged;
  const files = assessment.files.filter(({ path }) => !approved.has(path));
  if (files.length === 0) return { assessment, decision: { ...decision, action: 'allow', violations: [] } };
  const findings = assessment.findings.filter(({ file }) => !approved.has(file));
  const rest = await decideBy({ ...assessment, files, findings }, terms);
  return { assessment, decision: rest.decision };
}

function decidedAlone(judged: Evaluated, service: ServiceAnswer): ServiceDecision {
  return { ...judged, action: judged.decision.action, approved: new Set(), service };
}
