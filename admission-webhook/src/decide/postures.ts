import type { WorkloadReferences } from '../../../src/workload/index.ts';
import type { ContainerPosture, PostureProblem } from '../../../src/workload/posture/index.ts';
import type { NamespaceRule, Outcome } from '../rules.ts';
import type { AdmissionFinding } from './finding.ts';
import { exceptedSentence, postureSentence } from './sentences.ts';

interface PostureContext {
  /** What is found of the object already. */
  readonly found: WorkloadReferences;
  /** Whether what a container would run is new. */
  readonly isNew: (where: string) => boolean;
  /** The object names a model. */
  readonly loads: boolean;
  readonly rule: NamespaceRule;
  /** The shipped template that has the words of the container at a place. */
  readonly templateOf: (where: string) => string | undefined;
}

const OUTCOME: Readonly<Record<PostureProblem['kind'], Outcome>> = {
  image: 'none',
  program: 'none',
  told: 'unresolved',
  place: 'unverified',
};

/** One finding for each container and outcome: the first problem, and how many more there are. */
export function postureFindings(
  postures: readonly ContainerPosture[],
  context: PostureContext,
): readonly AdmissionFinding[] {
  const { found, isNew, loads, rule, templateOf } = context;
  const volumes = new Set(found.references.flatMap(({ where }) => /^.*?\/volumes\/\d+(?=\/)/.exec(where) ?? []));
  const isTold = ({ kind, where }: PostureProblem) => kind === 'place' && volumes.has(where);
  const mayLoad = (one: ContainerPosture) => one.problems.some(({ kind }) => OUTCOME[kind] !== 'none');
  const named = loads || found.unresolved.length > 0 || postures.some(mayLoad);
  return postures.flatMap((posture): readonly AdmissionFinding[] => {
    const byOutcome = new Map<Outcome, PostureProblem[]>();
    for (const problem of posture.problems) {
      const outcome = OUTCOME[problem.kind];
      // Where such programs may run, a model that is named beside them is all that is asked about.
      if (outcome === 'none' && named && rule.actions.none === 'allow') continue;
      // A reference to a volume that others write is never approved.
      if (isTold(problem)) continue;
      byOutcome.set(outcome, [...(byOutcome.get(outcome) ?? []), problem]);
    }
    return [...byOutcome].flatMap(([outcome, [first, ...more]]) => {
      if (first === undefined) return [];
      const { container, where } = posture;
      const message = postureSentence(posture, first, more.length, templateOf(where));
      return [{ outcome, message, reference: null, where: first.where, container, isNew: isNew(where) }];
    });
  });
}

/**
 * Whether a place is in a container that was proved to load nothing but what its image holds, where what looks like a model is none;
 * or the posture of the container says the same of it, and what to do.
 */
export function toldBy(postures: readonly ContainerPosture[]): (where: string) => boolean {
  const told = new Set<string>();
  for (const { where, posture, loads, problems } of postures) {
    if (posture === 'excepted' || posture === 'sealed' || (posture === 'understood' && !loads)) told.add(where);
    for (const { kind, where: at } of problems) if (kind === 'told') told.add(at);
  }
  return (where) => {
    for (let at = where; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (told.has(at)) return true;
    return false;
  };
}

/**
 * Whether a place is in an excepted container that is not known to load models: what looks like a model there is a word that the
 * exception names. What fills a hole of it is none.
 */
export function exceptedBy(postures: readonly ContainerPosture[]): (where: string) => boolean {
  const excepted = postures.filter(({ posture, loads }) => posture === 'excepted' && !loads);
  if (excepted.length === 0) return () => false;
  return (where) => {
    const inside = excepted.find((one) => where.startsWith(`${one.where}/`));
    return inside !== undefined && inside.filled?.has(where) !== true;
  };
}

/** Each exception that is used, for the log. */
export function exceptionFindings(
  postures: readonly ContainerPosture[],
  isNew: (where: string) => boolean,
): readonly AdmissionFinding[] {
  return postures.flatMap((posture): readonly AdmissionFinding[] => {
    const { exception, container, where } = posture;
    if (exception === undefined) return [];
    const message = exceptedSentence(posture, exception);
    return [{ outcome: 'none', message, reference: null, where, container, isNew: isNew(where), action: 'audit' }];
  });
}
