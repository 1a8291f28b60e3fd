import type { ByteSource } from '../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, type ClaimedDigest } from '../../core/index.ts';
import { formatOci, type OciReference } from '../../core/reference/index.ts';
import {
  endpointOf,
  OciClient,
  type OciDescriptor,
  type OciManifest,
  onlyManifest,
  parseManifest,
} from '../../oci/index.ts';
import { checked } from '../claim.ts';
import { type HttpFile, openHttp, otherLength } from '../http/index.ts';
import { limitsOf, type SourceOptions } from '../source.ts';
import { filesOf, type OciFile } from './layers.ts';

/** Blobs up to this many bytes are fetched whole and checked. */
const WHOLE = 10 * 1024 * 1024;
/** A compressed stream needs all of its bytes for a verdict. */
const COMPRESSED = /\.(?:gz|tgz|zst|bz2|xz|lzma)$|[.+](?:gzip|zstd)$/i;

/**
 * A model in an OCI registry: ModelPack, KitOps, ORAS, image layers, or what else has a manifest. Each layer is a file that
 * its digest names, the config is one more. Pinned to the manifest whose bytes were read.
 * @throws AssayError `not-found`, `unauthorized`, `network`, `refused`, `mismatch`, `malformed`, `unsupported`, `limit`,
 *   `aborted`; `usage` when offline, and for an index of several manifests.
 */
export async function openOci(reference: OciReference, options: SourceOptions): Promise<Artifact> {
  const ref = formatOci(reference);
  if (options.offline === true) {
    throw new AssayError('usage', 'no connection may be opened (--offline)', {
      subject: ref,
      hint: 'run without --offline, or pull it and give the path',
    });
  }
  const client = new OciClient(endpointOf(reference), options);
  try {
    const found = await resolve(client, reference);
    const files = filesOf(found.config, found.layers);
    const { maxFiles } = limitsOf(options);
    if (files.length > maxFiles)
      throw new AssayError('limit', `contains more than ${maxFiles} files (maxFiles)`, { subject: ref });
    return {
      ref,
      pinned: `${client.endpoint.subject}@${found.digest}`,
      files: files.map((file) => toArtifactFile(client, file, options)),
      notes: [...found.notes, ...notesOn(files)],
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

interface Resolved {
  readonly digest: string;
  readonly config: OciDescriptor;
  readonly layers: readonly OciDescriptor[];
  readonly notes: readonly string[];
}

/** The manifest that a reference means; a digest counts before a tag. */
async function resolve(client: OciClient, { tag, digest }: OciReference): Promise<Resolved> {
  const { subject } = client.endpoint;
  const named = await client.manifest(digest ?? tag ?? 'latest');
  const first = parseManifest(named, `${subject}@${named.digest}`);
  if (first.kind === 'manifest') return { ...first, digest: named.digest, notes: [] };
  const chosen = onlyManifest(first.manifests, subject);
  const manifest = await chosenManifest(client, chosen);
  return { ...manifest, digest: chosen.digest, notes: [`${named.digest} is an index: its only manifest was read`] };
}

async function chosenManifest(
  client: OciClient,
  { digest, size }: OciDescriptor,
): Promise<Extract<OciManifest, { kind: 'manifest' }>> {
  const name = `${client.endpoint.subject}@${digest.slice(0, 140)}`;
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new AssayError('unsupported', 'the index does not name its manifest by a SHA-256 digest', {
      subject: name,
      hint: 'ask its publisher to push it with SHA-256 digests',
    });
  }
  const found = await client.manifest(digest);
  if (found.bytes.length !== size) throw otherLength({ name }, found.bytes.length, size);
  const manifest = parseManifest(found, name);
  if (manifest.kind === 'manifest') return manifest;
  throw new AssayError('usage', 'the index names another index', {
    subject: client.endpoint.subject,
    hint: `give ${name}`,
  });
}

function toArtifactFile(client: OciClient, file: OciFile, options: SourceOptions): ArtifactFile {
  const { path, descriptor } = file;
  const { digest, size, mediaType } = descriptor;
  if ('refusal' in file) return { path, size, distance: 'near', open: () => Promise.reject(file.refusal) };
  const limits = limitsOf(options);
  const name = `${client.endpoint.subject}/${path}`;
  const claimed: ClaimedDigest = { algorithm: 'sha256', hex: file.sha256 };
  const http: HttpFile = {
    url: client.blobUrl(digest),
    name,
    egress: client,
    explain: async (response) => client.explain(response, `blob ${digest}`),
  };
  const far = size > WHOLE && ![path, mediaType].some((name) => COMPRESSED.test(name));
  return {
    path,
    size,
    claimed,
    distance: far ? 'far' : 'near',
    async open(signal = options.signal): Promise<ByteSource> {
      const check = (bytes: AsyncIterable<Uint8Array>) => checked(bytes, claimed, size, name);
      return openHttp(http, { size, far, limits, signal, check });
    },
  };
}

function notesOn(files: readonly OciFile[]): string[] {
  const refused = files.filter((file) => 'refusal' in file).length;
  return refused === 0 ? [] : [`${refused} of ${files.length} blobs were not read, and count as unknown`];
}
