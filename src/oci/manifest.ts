import * as v from 'valibot';
import { AssayError, parseBoundedJson } from '../core/index.ts';
import { MAX_MANIFEST_BYTES, type OciManifestBytes } from './client.ts';
import { findMisspelt, hasDuplicateKey, namesOf } from './unambiguous.ts';

const BOUNDS = { maxBytes: MAX_MANIFEST_BYTES, maxDepth: 32, maxTokens: 400_000 };

const Platform = v.object({
  os: v.optional(v.string()),
  architecture: v.optional(v.string()),
  variant: v.optional(v.string()),
});
const Descriptor = v.object({
  mediaType: v.string(),
  digest: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  urls: v.optional(v.array(v.string())),
  annotations: v.optional(v.nullable(v.record(v.string(), v.string()))),
  /** The content itself, in base64. */
  data: v.optional(v.string()),
  platform: v.optional(Platform),
});
const Document = v.object({
  schemaVersion: v.number(),
  mediaType: v.optional(v.string()),
  config: v.optional(Descriptor),
  layers: v.optional(v.array(Descriptor)),
  manifests: v.optional(v.array(Descriptor)),
  blobs: v.optional(v.unknown()),
});

/** The descriptor of one blob or manifest in a manifest or an index (OCI image specification, descriptor.md). */
export type OciDescriptor = v.InferOutput<typeof Descriptor>;

export type OciManifest =
  | { readonly kind: 'manifest'; readonly config: OciDescriptor; readonly layers: readonly OciDescriptor[] }
  | { readonly kind: 'index'; readonly manifests: readonly OciDescriptor[] };

const KINDS: Readonly<Record<string, OciManifest['kind']>> = {
  'application/vnd.oci.image.manifest.v1+json': 'manifest',
  'application/vnd.docker.distribution.manifest.v2+json': 'manifest',
  'application/vnd.oci.image.index.v1+json': 'index',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
};
/** A media type that registries send with any answer, and so says nothing. */
const VAGUE: ReadonlySet<string> = new Set(['', 'application/json', 'application/octet-stream', 'binary/octet-stream']);

/**
 * Reads a manifest or an index. One that could be taken for the other is refused: a loader might (CVE-2021-41190).
 * @param name for messages
 * @throws AssayError `malformed`, `limit`, `unsupported`.
 */
export function parseManifest({ bytes, contentType }: OciManifestBytes, name: string): OciManifest {
  const json = parseBoundedJson(bytes, name, BOUNDS);
  if (hasDuplicateKey(json, bytes)) throw malformed(name, 'the manifest has a duplicate key');
  const misspelt = findMisspelt(json, NAMES);
  if (misspelt !== undefined) throw malformed(name, `the manifest has the misspelt key ${JSON.stringify(misspelt)}`);
  const parsed = v.safeParse(Document, json);
  if (!parsed.success) throw malformed(name, `the manifest is not valid: ${whereOf(parsed.issues)}`);
  const { schemaVersion, mediaType, config, layers, manifests, blobs } = parsed.output;
  const types = [mediaType ?? '', VAGUE.has(contentType) ? '' : contentType].filter((type) => type !== '');
  const foreign = types.find((type) => !Object.hasOwn(KINDS, type));
  if (schemaVersion !== 2) throw unsupported(name, `the manifest is of schema ${schemaVersion}, not 2`);
  if (foreign !== undefined)
    throw unsupported(name, `a manifest of the type ${JSON.stringify(foreign)} is not supported`);
  const declared = new Set(types.map((type) => KINDS[type]));
  const isIndex = manifests !== undefined;
  const mixed = (isIndex && (layers !== undefined || config !== undefined)) || blobs !== undefined;
  if (mixed || declared.size > 1 || declared.has(isIndex ? 'manifest' : 'index'))
    throw malformed(name, 'the document is ambiguous: it is both a manifest and an index');
  if (manifests !== undefined) return { kind: 'index', manifests };
  if (config === undefined || layers === undefined) throw malformed(name, 'the manifest names no config or no layers');
  return { kind: 'manifest', config, layers };
}

/**
 * The one manifest that an index stands for. Attestations of BuildKit beside an image are not a choice.
 * @param at the reference without tag or digest, for what to write instead
 * @throws AssayError `usage` when there are several, `not-found` when there is none.
 */
export function onlyManifest(manifests: readonly OciDescriptor[], at: string): OciDescriptor {
  const choices = manifests.filter(({ annotations }) => annotations?.['vnd.docker.reference.type'] === undefined);
  const [first] = choices;
  if (first === undefined) throw new AssayError('not-found', 'the index names no manifest', { subject: at });
  if (choices.every(({ digest }) => digest === first.digest)) return first;
  const listed = choices.slice(0, MAX_LISTED).map((one) => `${at}@${one.digest} (${platformOf(one)})`);
  const more = choices.length > MAX_LISTED ? [`${choices.length - MAX_LISTED} more`] : [];
  throw new AssayError('usage', `the index names ${choices.length} manifests`, {
    subject: at,
    hint: `choose one: ${[...listed, ...more].join(', ')}`,
  });
}

const MAX_LISTED = 20;

export function platformOf({ platform, annotations }: OciDescriptor): string {
  const parts = [platform?.os, platform?.architecture, platform?.variant].filter((part) => part !== undefined);
  const title = annotations?.['org.opencontainers.image.title'] ?? annotations?.['org.opencontainers.image.ref.name'];
  return parts.length > 0 ? parts.join('/') : (title ?? 'no platform');
}

/** Keys that decide what is downloaded. */
const NAMES = namesOf([...Object.keys(Document.entries), ...Object.keys(Descriptor.entries)]);

/** The path at which a manifest is not valid, never the value there. */
function whereOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const path = issues[0]?.path?.map(({ key }) => String(key)).join('.') ?? '';
  return path === '' ? 'it is not an object' : `see ${path}`;
}

function malformed(subject: string, message: string): AssayError {
  return new AssayError('malformed', message, { subject, hint: 'do not use it; ask its publisher to push it again' });
}

function unsupported(subject: string, message: string): AssayError {
  return new AssayError('unsupported', message, {
    subject,
    hint: 'ask its publisher to push it as an OCI image manifest or a Docker manifest of schema 2',
  });
}
