import type { ByteSource } from '../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, type ClaimedDigest } from '../../core/index.ts';
import { formatReference, type HubReference, pinReference } from '../../core/reference/index.ts';
import type { Egress } from '../../egress/index.ts';
import { checked } from '../claim.ts';
import { type HttpFile, openHttp, streamWhole } from '../http/index.ts';
import { findSnapshot, type HubSettings, hubSettings } from '../hub-cache/index.ts';
import { openCachedSnapshot } from '../path/index.ts';
import { envOf, limitsOf, type SourceOptions } from '../source.ts';
import { type HubEntry, hubEgress, listEntries, resolveCommit } from './client.ts';
import { type HubQuestion, hubError } from './error.ts';

/** A file of a repository at a commit. */
export interface HubFile extends ArtifactFile {
  readonly claimed: ClaimedDigest;
  /**
   * Every byte in order, compared with `claimed` at the end: before the end, nothing of them may be used.
   * @throws AssayError `mismatch`, `changed`, `network`, `unauthorized`, `aborted`.
   */
  download(signal?: AbortSignal): AsyncGenerator<Uint8Array>;
}

/** A repository of the Hub at a commit. */
export interface HubArtifact extends Artifact {
  readonly repo: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** Files up to this many bytes are fetched whole and checked, wherever the Hub keeps them. */
const WHOLE = 10 * 1024 * 1024;
const DEFAULT_REVISION = 'main';

/** A model of the Hub; offline, the snapshot of it that the cache holds. */
export async function openHub(reference: HubReference, options: SourceOptions): Promise<Artifact> {
  const settings = hubSettings(envOf(options));
  return options.offline === true || settings.offline
    ? openCached(reference, settings, options)
    : openRemote(reference, options);
}

/**
 * A model as the Hub serves it. The commit is fixed before anything else is asked, and every later request names it.
 * @throws AssayError `not-found`, `unauthorized`, `network`, `malformed`, `limit`, `aborted`.
 */
export async function openRemote(reference: HubReference, options: SourceOptions): Promise<HubArtifact> {
  const settings = hubSettings(envOf(options));
  const { endpoint, token } = settings;
  const { repo, revision = DEFAULT_REVISION } = reference;
  const egress = hubEgress(settings, options);
  try {
    const asked: HubQuestion = { endpoint, repo, revision, hasToken: token !== undefined };
    const commit = await resolveCommit(egress, asked);
    const entries = within(reference, await listEntries(egress, { ...asked, revision: commit }, options));
    const files = entries.map(({ entry, path }) =>
      hubFile(egress, { ...asked, revision: commit, path: entry.path }, entry, path, options),
    );
    return {
      ref: formatReference(reference),
      pinned: pinReference(reference, commit),
      repo,
      commit,
      files,
      notes: transportNotes(settings),
      close: () => egress.close(),
    };
  } catch (error) {
    await egress.close();
    throw error;
  }
}

async function openCached(reference: HubReference, settings: HubSettings, options: SourceOptions): Promise<Artifact> {
  const { repo, revision = DEFAULT_REVISION } = reference;
  const snapshot = findSnapshot(settings.cacheFolder, repo, revision);
  if (snapshot === undefined) {
    throw new AssayError(
      'not-found',
      `the cache does not contain a snapshot of ${repo} at ${revision}, and connections are not allowed`,
      {
        subject: settings.cacheFolder,
        hint: 'run without --offline and HF_HUB_OFFLINE, or name the cache in HF_HUB_CACHE',
      },
    );
  }
  return openCachedSnapshot({ ...snapshot, within: reference.path ?? '' }, formatReference(reference), options);
}

/** The entries that a reference means, and their paths relative to what it names. */
function within(reference: HubReference, entries: readonly HubEntry[]): { entry: HubEntry; path: string }[] {
  const { repo, path } = reference;
  if (path === undefined) {
    if (entries.length > 0) return entries.map((entry) => ({ entry, path: entry.path }));
    throw new AssayError('not-found', 'nothing to scan: the repository contains no files', {
      subject: `hf://${repo}`,
      hint: 'name another revision',
    });
  }
  const found = entries.flatMap((entry) => {
    if (entry.path === path) return [{ entry, path: path.slice(path.lastIndexOf('/') + 1) }];
    return entry.path.startsWith(`${path}/`) ? [{ entry, path: entry.path.slice(path.length + 1) }] : [];
  });
  if (found.length > 0) return found;
  throw new AssayError('not-found', `${repo} has no file or folder ${path}`, {
    subject: formatReference(reference),
    hint: 'check the path',
  });
}

function hubFile(egress: Egress, asked: HubQuestion, entry: HubEntry, path: string, options: SourceOptions): HubFile {
  const { size, claimed, reported } = entry;
  const limits = limitsOf(options);
  const name = `hf://${asked.repo}/${entry.path}`;
  const file: HttpFile = {
    url: `${asked.endpoint}/${asked.repo}/resolve/${asked.revision}/${entry.path.split('/').map(encodeURIComponent).join('/')}`,
    name,
    egress,
    explain: async (response) => hubError(response, asked),
  };
  const check = (bytes: AsyncIterable<Uint8Array>) => checked(bytes, claimed, size, name);
  const download = (signal?: AbortSignal) => check(streamWhole(file, size, size, signal));
  const far = entry.lfs && size > WHOLE;
  return {
    path,
    size,
    claimed,
    ...(reported === undefined ? {} : { reported }),
    distance: far ? 'far' : 'near',
    download,
    async open(signal = options.signal): Promise<ByteSource> {
      return openHttp(file, { size, far, limits, signal, check });
    },
  };
}

function transportNotes(settings: HubSettings): string[] {
  const plain = settings.endpoint.startsWith('http:') && settings.token !== undefined;
  return plain ? ['HF_ENDPOINT is an http:// address: the token was sent to it unencrypted'] : [];
}
