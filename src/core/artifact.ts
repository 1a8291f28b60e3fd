import type { ByteSource } from './bytes/index.ts';
import type { OnEvent } from './events.ts';

/** A digest that the source announced for a file before we read it. */
export type ClaimedDigest =
  | { readonly algorithm: 'sha256'; readonly hex: string }
  /** `sha1("blob " + length + "\0" + bytes)`, as git and the Hub name small files. */
  | { readonly algorithm: 'git-sha1'; readonly hex: string };

/** What the scanners of the place that serves a file say against it. */
export interface SourceReport {
  /** As the Hub spells it: `unsafe`, `suspicious`, ... */
  readonly status: string;
  /** The scanners that say so, as the Hub names them; empty when it names none. */
  readonly by: readonly string[];
}

/** One file of an artifact, not yet opened. */
export interface ArtifactFile {
  /** Relative to the artifact's root, `/` between parts, never leaving it. For a single file: its name. */
  readonly path: string;
  readonly size: number;
  readonly claimed?: ClaimedDigest;
  /** It was reached through a symbolic link; `hub-cache` is a link into the blobs of its own Hugging Face cache. */
  readonly link?: 'within' | 'hub-cache';
  /** Absent when nothing is said against it, which says nothing for it. */
  readonly reported?: SourceReport;
  /** `near`: reading every byte is cheap (a disk). `far`: each byte is fetched, so only what a verdict needs is read. */
  readonly distance: 'near' | 'far';
  /** Opens it. The caller closes it, once. */
  open(signal?: AbortSignal): Promise<ByteSource>;
}

/** One model: a named tree of files, pinned, each readable at random offsets. */
export interface Artifact {
  /** The reference as the user gave it, in canonical form. */
  readonly ref: string;
  /** The reference with its commit, version or digest; equal to `ref` when the source has none (a path). */
  readonly pinned: string;
  readonly files: readonly ArtifactFile[];
  /** Notes for the report on how the artifact was fetched. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
  /** Never open a connection. */
  readonly offline?: boolean;
  /** For a folder: also list internal files of the Hub client and of nested repositories, which a signature may cover. */
  readonly everything?: boolean;
}
