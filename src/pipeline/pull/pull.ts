import type { Assessment, Decision } from '../../core/assessment/index.ts';
import { type Artifact, AssayError } from '../../core/index.ts';
import type { HubReference } from '../../core/reference/index.ts';
import { type HubArtifact, HubStage, openRemote, type StagedFile } from '../../sources/hub/index.ts';
import { hubSettings } from '../../sources/hub-cache/index.ts';
import { envOf, type SourceOptions } from '../../sources/index.ts';
import { openPath } from '../../sources/path/index.ts';
import { downloadAll, wholeModel } from './files.ts';

export interface PullJudgement {
  readonly assessment: Assessment;
  readonly decision: Decision;
}

/** Scans an artifact and decides. It runs twice: on the bytes of the Hub, and on the written bytes. */
export type Judge = (artifact: Artifact) => Promise<PullJudgement>;

export type PullOutcome =
  /** Denied, or not fully scanned: nothing was written. */
  | { readonly kind: 'refused'; readonly judgement: PullJudgement }
  | {
      readonly kind: 'written';
      /** Of the bytes that were written. */
      readonly judgement: PullJudgement;
      readonly repo: string;
      readonly commit: string;
      /** The snapshot in the Hugging Face cache. */
      readonly folder: string;
    };

/**
 * Scans a model of the Hub and, when it is allowed, writes exactly the judged bytes into the Hugging Face cache. A scan of a
 * remote model reads ranges of its weights; therefore what was downloaded is hashed, scanned again whole, and only then
 * becomes a snapshot.
 * @throws AssayError `usage` for what is not a whole model of the Hub; `mismatch` for bytes that are not those judged; `network`,
 *   `unauthorized`, `not-found`, `unreadable`, `aborted`. Nothing is left behind then.
 */
export async function pull(ref: string, judge: Judge, options: SourceOptions = {}): Promise<PullOutcome> {
  const settings = hubSettings(envOf(options));
  const reference = wholeModel(ref, options, settings.offline);
  const artifact = await openRemote(reference, options);
  try {
    const first = await judge(artifact);
    if (!isAllowed(first)) return { kind: 'refused', judgement: first };
    return await materialise(artifact, reference, first, judge, settings.cacheFolder, options);
  } finally {
    await artifact.close();
  }
}

async function materialise(
  artifact: HubArtifact,
  reference: HubReference,
  first: PullJudgement,
  judge: Judge,
  cacheFolder: string,
  options: SourceOptions,
): Promise<PullOutcome> {
  const { repo, commit } = artifact;
  const stage = await HubStage.create(cacheFolder, repo, commit);
  try {
    const written = await downloadAll(artifact, stage, options);
    checkDigests(first.assessment, written, 'sometimes');
    const judgement = await judgeStage(stage, artifact, judge, options);
    if (!isAllowed(judgement)) return { kind: 'refused', judgement };
    checkDigests(judgement.assessment, written, 'always');
    const folder = await stage.publish(reference.revision ?? 'main');
    return { kind: 'written', judgement, repo, commit, folder };
  } finally {
    await stage.discard();
  }
}

/** Reports name the model, not the staging folder. */
async function judgeStage(
  stage: HubStage,
  artifact: HubArtifact,
  judge: Judge,
  options: SourceOptions,
): Promise<PullJudgement> {
  const env = { ...envOf(options), HF_HUB_CACHE: stage.root };
  const staged = await openPath({ kind: 'path', path: stage.snapshot }, { ...options, env });
  try {
    if (staged.pinned !== artifact.pinned)
      throw new AssayError('internal', 'what was written is not pinned', { subject: artifact.ref });
    const reported = new Map(artifact.files.map((file) => [file.path, file.reported]));
    // What the Hub says of a file does not lie on the disk.
    const files = staged.files.map((file) => {
      const said = reported.get(file.path);
      return said === undefined ? file : { ...file, reported: said };
    });
    return await judge({ ...staged, files, ref: artifact.ref, pinned: artifact.pinned, notes: artifact.notes });
  } finally {
    await staged.close();
  }
}

/** @throws AssayError `mismatch` when a scan judged other bytes than were written, or, with `always`, did not hash them. */
function checkDigests(assessment: Assessment, written: readonly StagedFile[], hashed: 'always' | 'sometimes'): void {
  const judged = new Map(assessment.files.map((file) => [file.path, file]));
  if (judged.size !== written.length)
    throw otherFiles(assessment, `${judged.size} files were judged, but ${written.length} were written`);
  for (const { path, sha256 } of written) {
    const file = judged.get(path);
    if (file === undefined) throw otherFiles(assessment, `${path} was not judged`);
    if (file.digestBasis !== 'computed' && hashed === 'sometimes') continue;
    if (file.digestBasis !== 'computed' || file.sha256 !== sha256)
      throw otherFiles(assessment, `the bytes of ${path} differ from the judged ones`);
  }
}

function otherFiles(assessment: Assessment, what: string): AssayError {
  return new AssayError('mismatch', what, { subject: assessment.artifact.pinned, hint: 'do not use it; try again' });
}

function isAllowed({ assessment, decision }: PullJudgement): boolean {
  return decision.action !== 'deny' && assessment.status === 'complete' && assessment.files.length > 0;
}
