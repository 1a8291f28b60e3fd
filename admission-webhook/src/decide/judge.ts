import { isAssayError } from '../../../src/core/index.ts';
import { formatReference, isCommit, isRevision, parseReference } from '../../../src/core/reference/index.ts';
import type { Asked, SnapshotAnswer } from '../../../src/snapshot/index.ts';
import type { WorkloadReference } from '../../../src/workload/index.ts';
import type { Outcome } from '../rules.ts';
import type { Decisions } from './decisions.ts';
import { approvalOfImage } from './images.ts';
import { kindOfScheme, loadsOtherFiles, schemeOfReference } from './loader.ts';
import {
  allowedImageSentence,
  approvedSentence,
  badRevisionSentence,
  cachedSentence,
  codeRevisionSentence,
  deniedSentence,
  foreignSentence,
  imageSentence,
  loadFormatSentence,
  remoteCodeSentence,
  type SentencePlace,
  sharedSentence,
  unlistedSentence,
  unpinnedSentence,
  unreadableSentence,
} from './sentences.ts';

/** One thing that is known of a reference. */
export interface ReferenceJudgement {
  readonly outcome: Outcome;
  readonly message: string;
}

export interface JudgeContext extends SentencePlace {
  readonly decisions: Decisions;
  readonly now: Date;
  /** Whether a reference is read from a folder that the webhook itself has filled. */
  readonly isInjected: (found: WorkloadReference) => boolean;
}

/**
 * Everything that speaks against a reference, or that it is approved. The key is the reference, its server and how it is loaded: an
 * approval of the name alone approves none of the others.
 */
export function judgeReference(found: WorkloadReference, context: JudgeContext): readonly ReferenceJudgement[] {
  const kind = kindOfScheme(schemeOfReference(found.reference));
  if (kind === 'shared' || isBucket(found)) return [{ outcome: 'unverified', message: sharedSentence(found) }];
  if (kind === 'foreign') return [{ outcome: 'unpinned', message: foreignSentence(found) }];
  if (found.role === 'image') return judgeImage(found, context);
  const answer = lookup(found.reference, found, context);
  const against = [
    ...againstAnswer(answer, found, context),
    ...(found.offline && readsCache(found) && !context.isInjected(found) ? [cached(found)] : []),
    ...againstCode(found, context),
  ];
  if (against.length > 0 || answer.kind !== 'approved') return against;
  return [{ outcome: 'approved', message: approvedSentence(found, answer.entry) }];
}

/** A bucket that is mounted is a folder that others write to; an image is fetched by its digest. */
function isBucket({ via, reference }: WorkloadReference): boolean {
  return via === 'volume-csi' && schemeOfReference(reference) !== 'oci';
}

function cached(found: WorkloadReference): ReferenceJudgement {
  return { outcome: 'unverified', message: cachedSentence(found) };
}

/** Only the Hub's libraries read a cache in place of the server. */
function readsCache({ reference }: WorkloadReference): boolean {
  return schemeOfReference(reference) === 'hf';
}

function lookup(ref: string, { endpoint }: WorkloadReference, context: JudgeContext): SnapshotAnswer {
  return context.decisions.lookup({ ref, endpoint }, askedOf(context));
}

function askedOf({ stage, now }: Pick<JudgeContext, 'stage' | 'now'>): Asked {
  return stage === null ? { now } : { now, stage };
}

/** What could run in its place: the newest approved version of the same repository. */
function approvedInstead({ reference, endpoint }: WorkloadReference, context: JudgeContext): string | null {
  const latest = context.decisions.latestApproved({ ref: reference, endpoint }, askedOf(context));
  return latest.kind === 'approved' ? latest.ref : null;
}

function againstAnswer(
  answer: SnapshotAnswer,
  found: WorkloadReference,
  context: JudgeContext,
): readonly ReferenceJudgement[] {
  switch (answer.kind) {
    case 'denied':
      return [{ outcome: 'denied', message: deniedSentence(found, answer.entry, answer.reason, context) }];
    case 'unlisted':
      return [{ outcome: 'unlisted', message: unlistedSentence(found, context, approvedInstead(found, context)) }];
    case 'unpinned':
      return [{ outcome: 'unpinned', message: unpinnedSentence(found, context, approvedInstead(found, context)) }];
    case 'unresolved':
      return [{ outcome: 'unresolved', message: unreadableSentence(found, answer.reason) }];
    case 'approved': {
      const against: ReferenceJudgement[] = [];
      if (found.trustRemoteCode && !answer.entry.remoteCode)
        against.push({ outcome: 'unlisted', message: remoteCodeSentence(found, answer.entry, context) });
      if (loadsOtherFiles(found.loadFormat)) against.push({ outcome: 'unlisted', message: loadFormatSentence(found) });
      return against;
    }
  }
}

/**
 * The code of a model at a revision of its own: what runs is decided like a model, at a commit, and for its code where code of the
 * model is trusted. Adapters and tokenizers are loaded without it.
 */
function againstCode(found: WorkloadReference, context: JudgeContext): readonly ReferenceJudgement[] {
  const { codeRevision, role } = found;
  if (codeRevision === null || !['model', 'draft', 'code'].includes(role)) return [];
  const ref = atRevision(found.reference, codeRevision);
  if (ref === 'no-hub') return [];
  if (ref === undefined) return [{ outcome: 'unresolved', message: badRevisionSentence(found) }];
  // At the revision of the model itself it was judged with it.
  if (ref === found.reference && isCommit(codeRevision)) return [];
  const code = { ...found, reference: ref, loadFormat: null };
  const against = againstAnswer(lookup(ref, found, context), code, context);
  return against.map(({ outcome, message }) => ({ outcome, message: codeRevisionSentence(found, message) }));
}

/** The repository of a reference at another revision; `undefined` for what is none. */
function atRevision(reference: string, revision: string): string | 'no-hub' | undefined {
  if (schemeOfReference(reference) !== 'hf') return 'no-hub';
  if (!isRevision(revision)) return undefined;
  try {
    const read = parseReference(reference);
    return read.kind === 'hf' ? formatReference({ kind: 'hf', repo: read.repo, revision }) : undefined;
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}

/** A model that is in the image of its server: it is as approved as the image. */
function judgeImage(found: WorkloadReference, context: JudgeContext): readonly ReferenceJudgement[] {
  const answer = lookup(found.reference, found, context);
  if (answer.kind === 'denied' || answer.kind === 'approved') {
    const against = againstAnswer(answer, found, context);
    if (against.length > 0 || answer.kind !== 'approved') return against;
    return [{ outcome: 'approved', message: approvedSentence(found, answer.entry) }];
  }
  if (found.pinned && approvalOfImage(found.reference, context)?.as === 'sealed')
    return [{ outcome: 'approved', message: allowedImageSentence(found.reference) }];
  const outcome = found.pinned ? 'unlisted' : 'unpinned';
  return [{ outcome, message: imageSentence(found, context) }];
}
