import { type SnapshotEntry, schemeOf } from '../../../src/snapshot/index.ts';
import type { WorkloadReference } from '../../../src/workload/index.ts';
import type { ContainerPosture, PostureException, PostureProblem } from '../../../src/workload/posture/index.ts';
import { bounded, plain, shellWord } from './text.ts';

/** What sentences need to know of the place. */
export interface SentencePlace {
  readonly stage: string | null;
  readonly serviceUrl: string | null;
}

/** Of one sentence. */
export const MAX_SENTENCE = 700;
const MAX_REFERENCE = 250;
const MAX_REASON = 200;
const MAX_ADDRESS = 200;

/** The variable that tells a command of ours which server to ask. */
const SERVER_VARIABLE: Readonly<Record<string, string>> = {
  hf: 'HF_ENDPOINT',
  s3: 'AWS_ENDPOINT_URL',
  models: 'MLFLOW_TRACKING_URI',
};

/** A reference for people and for the log: an address without its query, which may be a signature that gives access. */
export function shownReference(reference: string): string {
  const hidden = /^https?:/i.test(reference) ? reference.replace(/\?[^#]*/, '?…') : reference;
  return plain(hidden, MAX_REFERENCE);
}

function subject({ reference, endpoint }: Pick<WorkloadReference, 'reference' | 'endpoint'>): string {
  return endpoint === null ? shownReference(reference) : `${shownReference(reference)} from ${plain(endpoint, 100)}`;
}

function command(verb: string, reference: string, endpoint: string | null, rest = ''): string {
  const variable = endpoint === null ? undefined : SERVER_VARIABLE[schemeOf(reference)];
  const server = variable === undefined || endpoint === null ? '' : `${variable}=${shellWord(plain(endpoint, 100))} `;
  return `${server}assay ${verb} ${shellWord(shownReference(reference))}${rest}`;
}

function stageFlag({ stage }: SentencePlace): string {
  return ` --stage ${stage === null ? 'staging' : shellWord(plain(stage, 60))}`;
}

function reportOf(entry: SnapshotEntry | null, { serviceUrl }: SentencePlace): string {
  const address = entry?.report ?? serviceUrl;
  if (address === null) return '';
  return entry?.report == null ? ` See ${plain(address, MAX_ADDRESS)}.` : ` Report: ${plain(address, MAX_ADDRESS)}.`;
}

function sentence(text: string): string {
  return bounded(text, MAX_SENTENCE);
}

export function approvedSentence(found: WorkloadReference, entry: SnapshotEntry): string {
  return sentence(`${subject(found)} is approved (${plain(entry.model, 100)}@${entry.number}).`);
}

export function deniedSentence(
  found: WorkloadReference,
  entry: SnapshotEntry,
  reason: string,
  place: SentencePlace,
): string {
  const version = `${plain(entry.model, 100)}@${entry.number}`;
  const hint =
    entry.status === 'denied'
      ? ` Run another version; assay models ${shellWord(version)} shows the decisions.`
      : ` Approve it: assay approve ${shellWord(version)}${stageFlag(place)}.`;
  const why = reason === '' ? '' : `: ${plain(reason, MAX_REASON)}`;
  return sentence(`${subject(found)} is not approved${why}.${reportOf(entry, place)}${hint}`);
}

/** @param instead another version of the same repository that is approved */
export function unlistedSentence(found: WorkloadReference, place: SentencePlace, instead: string | null): string {
  const { reference, endpoint } = found;
  const hint = command('approve', reference, endpoint, stageFlag(place));
  const other = instead === null ? '' : ` Approved is ${shownReference(instead)}.`;
  return sentence(
    `${subject(found)} is not approved: the snapshot does not list it. Scan and approve it: ${hint}.${other}${reportOf(null, place)}`,
  );
}

/** @param instead a version of it that is approved */
export function unpinnedSentence(found: WorkloadReference, place: SentencePlace, instead: string | null): string {
  const { reference, endpoint } = found;
  const why = `${subject(found)} is not pinned: its content may change at any time.`;
  if (instead !== null) return sentence(`${why} Pin it: write ${shownReference(instead)}, which is approved.`);
  const hint =
    schemeOf(reference) === 'hf'
      ? `${command('pull', reference, endpoint)} scans it and prints the revision= to use here`
      : `${command('scan', reference, endpoint)} prints the current revision: use it here`;
  return sentence(`${why} Pin it: ${hint}, then approve it with assay approve${stageFlag(place)}.`);
}

export function foreignSentence(found: WorkloadReference): string {
  return sentence(
    `${subject(found)} is not pinned: references of the kind ${plain(schemeOf(found.reference), 40)}: do not identify bytes, and none is approved. Load it from hf:// at a commit, oci:// by digest, s3:// with a version, or models:/name/version.`,
  );
}

export function sharedSentence(found: WorkloadReference): string {
  return sentence(
    `${subject(found)} is not verified: others may write there, so the loaded bytes are unknown. Mount the model as an image volume (oci:// by digest), or name it as hf://owner/model at a commit.`,
  );
}

export function cachedSentence(found: WorkloadReference): string {
  return sentence(
    `${subject(found)} is not verified: it is read from a cache (HF_HUB_OFFLINE), which others may have written. Let the webhook fetch it (mutation.fetch), or remove the offline variables.`,
  );
}

export function remoteCodeSentence(found: WorkloadReference, entry: SnapshotEntry, place: SentencePlace): string {
  return sentence(
    `${subject(found)} is approved without its own code, but trust_remote_code runs that code. Leave it out, or approve the model with its code: ${command('approve', found.reference, found.endpoint, stageFlag(place))}.${reportOf(entry, place)}`,
  );
}

export function loadFormatSentence(found: WorkloadReference): string {
  const format = plain(found.loadFormat ?? '', 60);
  return sentence(
    `${subject(found)} is approved, but not with the load format ${format}, which loads other files. Remove the load format.`,
  );
}

export function codeRevisionSentence(found: WorkloadReference, why: string): string {
  const revision = plain(found.codeRevision ?? '', 80);
  return sentence(`the code revision ${revision} of ${why}`);
}

export function badRevisionSentence(found: WorkloadReference): string {
  return sentence(
    `the code revision ${plain(found.codeRevision ?? '', 80)} of ${subject(found)} cannot be read. Write a commit.`,
  );
}

export function unreadableSentence(found: WorkloadReference, reason: string): string {
  return sentence(`${subject(found)} cannot be looked up: ${plain(reason, MAX_REASON)}. Use a pinned reference.`);
}

export function imageSentence(found: Pick<WorkloadReference, 'reference' | 'pinned'>, place: SentencePlace): string {
  const image = shownReference(found.reference);
  if (!found.pinned) {
    return sentence(
      `the model is in the image ${image}, which is not pinned: its content may change. Name the image by its digest, and approve that: assay approve oci://IMAGE@sha256:... --as sealed`,
    );
  }
  return sentence(
    `the model is in the image ${image}, which is not approved. Approve it: ${command('approve', image, null, stageFlag(place))}, or approve the image as one that loads only what it holds: ${command('approve', image, null, ' --as sealed')}.`,
  );
}

export function allowedImageSentence(reference: string): string {
  return sentence(`the image ${shownReference(reference)} is allowed.`);
}

export function unresolvedSentence(why: string): string {
  return sentence(
    `an unknown model may be loaded: ${plain(why, MAX_REASON)}. Name the model in the object itself; assay admit --explain -f FILE lists the models found.`,
  );
}

/** @param isEmpty it names nothing that runs */
export function noneSentence(isEmpty: boolean): string {
  if (!isEmpty) return 'the object names no model.';
  return 'the object names no model, and no image that could be approved. Name the image by its digest.';
}

/**
 * @param more how many others of the same kind the container has
 * @param template that has its command and arguments
 */
export function postureSentence(
  { container, where }: Pick<ContainerPosture, 'container' | 'where'>,
  { why, hint }: PostureProblem,
  more: number,
  template: string | undefined,
): string {
  const name = container === null ? `the container at ${plain(where, 100)}` : `the container ${plain(container, 80)}`;
  const others = more === 0 ? '' : ` (and ${more} more)`;
  const shipped = template === undefined ? '' : ` For these words, an exception can say template: ${template}.`;
  return sentence(`${name} is unresolved: it ${plain(why, 300)}${others}. ${plain(hint, 200)}.${shipped}`);
}

export function exceptedSentence(
  { container, where }: Pick<ContainerPosture, 'container' | 'where'>,
  { id, owner, reason, expires }: PostureException,
): string {
  const name = container === null ? `the container at ${plain(where, 100)}` : `the container ${plain(container, 80)}`;
  return sentence(
    `${name} is excepted by ${plain(id, 100)} of ${plain(owner, 80)} until ${expires}: ${plain(reason, MAX_REASON)}.`,
  );
}

export function expiredSentence(expires: string, place: SentencePlace): string {
  return sentence(
    `the snapshot of the webhook expired at ${expires}. Publish a new one: run assay snapshot, or restart the service.${reportOf(null, place)}`,
  );
}

export function noSnapshotSentence(why: string): string {
  return sentence(
    `the webhook has no snapshot, so it approves nothing: ${plain(why, MAX_REASON)}. Create one: assay snapshot.`,
  );
}
