import type { Finding } from '../../../src/core/assessment/index.ts';
import { type AssayError, isAssayError, withHint } from '../../../src/core/index.ts';
import { parseReference } from '../../../src/core/reference/index.ts';
import { assessBy, decideBy, type Evaluated } from '../../../src/pipeline/evaluate/index.ts';
import { CHANGE_RULES } from '../../../src/scan/rules/index.ts';
import { openArtifact } from '../../../src/sources/index.ts';
import type { RunRules } from '../rules.ts';
import {
  askedSubjectsOf,
  type DecisionService,
  ownDenial,
  type ServiceDecision,
  serviceFindings,
} from '../service/index.ts';
import { lineFindings, referenceFinding } from './findings.ts';
import type { PlacedReference } from './introduced.ts';

/** A model that the change references, and what became of it. */
export interface ReferencedModel {
  readonly reference: string;
  readonly places: readonly PlacedReference[];
  readonly outcome:
    | { readonly kind: 'judged'; readonly judged: ServiceDecision }
    /** It is not known whether it could be read another time: an outage, a rate limit. */
    | { readonly kind: 'outage'; readonly error: AssayError }
    | { readonly kind: 'unread'; readonly error: AssayError }
    /** The Hub has no such model, and the repository has such a folder: that is what is loaded. */
    | { readonly kind: 'local' };
}

export interface ScannedReferences {
  readonly models: readonly ReferencedModel[];
  /** On the lines that reference. */
  readonly findings: readonly Finding[];
  /** Those that an outage led to: they say nothing of a model. */
  readonly outages: readonly Finding[];
}

/** Models that one run scans: more is a change that nobody reviews, and hours of a runner. */
const MAX_MODELS = 200;

interface ScanOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly offline: boolean;
  /** Whether a path is a file or a folder of the commit. */
  readonly isInRepository: (path: string) => boolean;
  readonly decisionService: DecisionService;
  readonly signal: AbortSignal;
  readonly log: (text: string) => void;
}

/** Scans what the change references, each model once, and says on each line what is to be said of it. */
export async function scanReferences(
  all: readonly PlacedReference[],
  ruling: RunRules,
  options: ScanOptions,
): Promise<ScannedReferences> {
  const findings: Finding[] = [];
  const outages: Finding[] = [];
  const groups = new Map<string, PlacedReference[]>();
  for (const one of all) {
    findings.push(...lineFindings(one));
    const { target } = one;
    if (target.kind === 'named' && target.readable && one.role !== 'dataset')
      groups.set(target.reference, [...(groups.get(target.reference) ?? []), one]);
  }
  const models: ReferencedModel[] = [];
  for (const [reference, places] of groups) {
    if (models.length >= MAX_MODELS) {
      const why = `${reference} was not scanned: the change references more than ${MAX_MODELS} models.`;
      findings.push(...places.map((place) => referenceFinding(CHANGE_RULES.notScanned, place, why, reference)));
      continue;
    }
    options.log(`scans ${reference}`);
    const model = await scanOne(reference, places, ruling, options);
    models.push(model);
    (model.outcome.kind === 'outage' ? outages : findings).push(...findingsOf(model));
  }
  return { models, findings, outages };
}

async function scanOne(
  reference: string,
  places: readonly PlacedReference[],
  ruling: RunRules,
  options: ScanOptions,
): Promise<ReferencedModel> {
  const read = await readOne(reference, ruling, options);
  if (read.kind !== 'read') return { reference, places, outcome: read };
  const { judged } = read;
  const subjects = askedSubjectsOf(
    judged.assessment,
    judged.assessment.files.map(({ path }) => path),
  );
  return {
    reference,
    places,
    outcome: { kind: 'judged', judged: await options.decisionService.decide(judged, subjects) },
  };
}

type Read =
  | { readonly kind: 'read'; readonly judged: Evaluated }
  | Exclude<ReferencedModel['outcome'], { readonly kind: 'judged' }>;

async function readOne(reference: string, { rules, terms }: RunRules, options: ScanOptions): Promise<Read> {
  const { env, offline, signal } = options;
  try {
    // What a change names is not to reach into the network of the runner; the configured Hub may be anywhere.
    const own = parseReference(reference).kind === 'hf';
    const egress = own ? {} : { egress: { rules: { denyPrivate: true } } };
    const artifact = await openArtifact(reference, { env, offline, signal, ...egress });
    try {
      return { kind: 'read', judged: await decideBy(await assessBy(artifact, rules, { signal }), terms) };
    } finally {
      await artifact.close();
    }
  } catch (error) {
    if (!isAssayError(error) || error.code === 'aborted' || error.code === 'internal') throw error;
    const missing = error.code === 'not-found' || error.code === 'unauthorized';
    if (missing && options.isInRepository(reference.replace(/^hf:\/\//, ''))) return { kind: 'local' };
    return { kind: error.code === 'network' ? 'outage' : 'unread', error };
  }
}

function findingsOf({ reference, places, outcome }: ReferencedModel): readonly Finding[] {
  if (outcome.kind === 'local') return [];
  if (outcome.kind !== 'judged') {
    const why = withHint(outcome.error);
    return places.map((place) =>
      referenceFinding(CHANGE_RULES.notScanned, place, `${reference} was not scanned: ${why}`, reference),
    );
  }
  const { judged } = outcome;
  const { pinned } = judged.assessment.artifact;
  const denial = ownDenial(judged);
  const own = places.flatMap((place) => {
    const found: Finding[] = [];
    if (denial.length > 0) {
      const why = denial.map(({ message }) => message).join('; ');
      found.push(referenceFinding(CHANGE_RULES.denied, place, `${pinned} is denied: ${why}`, reference));
    }
    if (place.target.kind === 'named' && !place.target.pinned) found.push(unpinned(place, reference, pinned));
    return found;
  });
  return [...own, ...serviceFindings(judged, () => places)];
}

function unpinned(place: PlacedReference, reference: string, pinned: string): Finding {
  const commit = /@([0-9a-f]{40})(?:\/|$)/.exec(pinned)?.[1];
  const paste = commit === undefined || place.pin === '' ? pinned : place.pin.replace('{}', commit);
  const message = `${reference} is not pinned. Pin it to the scanned revision: ${paste}`;
  return referenceFinding(CHANGE_RULES.unpinned, place, message, reference);
}
