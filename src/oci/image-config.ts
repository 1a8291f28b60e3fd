import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { ImageFacts } from '../core/image/index.ts';
import { AssayError, parseBoundedJson } from '../core/index.ts';
import { discard } from '../egress/index.ts';
import type { OciClient } from './client.ts';
import { type OciDescriptor, parseManifest, platformOf } from './manifest.ts';
import { findMisspelt, hasDuplicateKey, namesOf } from './unambiguous.ts';

/** What a container image starts, as its registry says it. */
export interface OciImage {
  /** `sha256:<hex>` of the manifest, or of the index, that was named. */
  readonly digest: string;
  readonly facts: ImageFacts;
  /** `linux/amd64`, each once; one of a manifest that stands alone. */
  readonly platforms: readonly string[];
}

/** CWE-770: configurations of real images have a few KiB; the largest are of images with thousands of layers. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
const CONFIG_TIMEOUT_MS = 60_000;
const MAX_PLATFORMS = 64;
/** Of a list, and of a text in it. */
const MAX_WORDS = 500;
const MAX_WORD = 4_096;
const BOUNDS = { maxBytes: MAX_CONFIG_BYTES, maxDepth: 32, maxTokens: 400_000 };

/** https://github.com/opencontainers/image-spec/blob/main/config.md, and its forerunner of Docker. */
const CONFIG_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

const word = v.pipe(v.string(), v.maxLength(MAX_WORD));
const words = v.optional(v.nullable(v.pipe(v.array(word), v.maxLength(MAX_WORDS))));
const Config = v.object({
  os: v.optional(v.string()),
  architecture: v.optional(v.string()),
  variant: v.optional(v.string()),
  config: v.optional(
    v.nullable(
      v.object({
        Entrypoint: words,
        Cmd: words,
        Env: words,
        WorkingDir: v.optional(v.nullable(word)),
        Volumes: v.optional(v.nullable(v.record(word, v.unknown()))),
        ArgsEscaped: v.optional(v.nullable(v.boolean())),
      }),
    ),
  ),
});

/** Keys that decide what is started. */
const NAMES = namesOf(['config', 'Entrypoint', 'Cmd', 'Env', 'WorkingDir', 'Volumes', 'ArgsEscaped']);

/**
 * Reads the configuration of an image: of a manifest, or of every platform of an index. Nothing of its layers is read.
 * @param reference a tag or a digest
 * @throws AssayError `usage` for platforms that start different programs; `mismatch`, `malformed`, `unsupported`, `limit`, `not-found`,
 *   `unauthorized`, `network`
 */
export async function readOciImage(client: OciClient, reference: string): Promise<OciImage> {
  const { subject } = client.endpoint;
  const named = await client.manifest(reference);
  const at = `${subject}@${named.digest}`;
  const manifest = parseManifest(named, at);
  if (manifest.kind === 'manifest') {
    const read = await readConfig(client, manifest.config, at);
    return { digest: named.digest, facts: read.facts, platforms: [read.platform] };
  }
  const entries = manifest.manifests.filter((entry) => !isAttestation(entry));
  if (entries.length === 0) throw new AssayError('not-found', 'the index names no image', { subject: at });
  if (entries.length > MAX_PLATFORMS)
    throw new AssayError('limit', `the index names more than ${MAX_PLATFORMS} images`, { subject: at });
  const read: ReadConfig[] = [];
  for (const entry of entries) read.push(await readEntry(client, entry));
  return {
    digest: named.digest,
    facts: factsOfAll(read, subject),
    platforms: [...new Set(read.map((one) => one.platform))],
  };
}

/** BuildKit writes attestations beside images, for a platform that no machine is. */
function isAttestation({ annotations, platform }: OciDescriptor): boolean {
  const isUnknown = platform?.os === 'unknown' && platform.architecture === 'unknown';
  return isUnknown && annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

interface ReadConfig {
  readonly digest: string;
  readonly platform: string;
  readonly facts: ImageFacts;
}

async function readEntry(client: OciClient, entry: OciDescriptor): Promise<ReadConfig> {
  const at = `${client.endpoint.subject}@${entry.digest.slice(0, 140)}`;
  if (!/^sha256:[0-9a-f]{64}$/.test(entry.digest)) throw notSha256(at);
  const manifest = parseManifest(await client.manifest(entry.digest), at);
  if (manifest.kind === 'index')
    throw new AssayError('unsupported', 'the index names another index', {
      subject: at,
      hint: `approve ${at} by itself`,
    });
  const read = await readConfig(client, manifest.config, at);
  const chosen = entry.platform === undefined ? read.platform : platformOf(entry);
  return { ...read, digest: entry.digest, platform: chosen };
}

async function readConfig(client: OciClient, descriptor: OciDescriptor, subject: string): Promise<ReadConfig> {
  const { mediaType, digest, size } = descriptor;
  if (!CONFIG_TYPES.has(mediaType))
    throw new AssayError(
      'unsupported',
      `is not a container image: its config is ${JSON.stringify(mediaType.slice(0, 100))}`,
      {
        subject,
        hint: 'approve a model with assay approve REFERENCE --stage STAGE',
      },
    );
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw notSha256(subject);
  if (size > MAX_CONFIG_BYTES)
    throw new AssayError('limit', `the configuration of the image has more than ${MAX_CONFIG_BYTES} bytes`, {
      subject,
    });
  const bytes = await fetchConfig(client, digest);
  if (bytes.length !== size || `sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest)
    throw new AssayError('mismatch', 'the configuration of the image has other bytes than its manifest names', {
      subject,
      hint: 'do not use it; report it to the operator of the registry',
    });
  return { digest, ...parseConfig(bytes, subject) };
}

async function fetchConfig(client: OciClient, digest: string): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(CONFIG_TIMEOUT_MS);
  const response = await client.fetch(client.blobUrl(digest), { maxBytes: MAX_CONFIG_BYTES, signal });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  await discard(response);
  throw client.explain(response, `blob ${digest}`);
}

/**
 * The configuration of one image.
 * @throws AssayError `malformed` also for one that a runtime may read as another: Go's decoder ignores case, and takes the last of two
 */
export function parseConfig(
  bytes: Uint8Array,
  subject: string,
): { readonly platform: string; readonly facts: ImageFacts } {
  const json = parseBoundedJson(bytes, subject, BOUNDS);
  const odd = hasDuplicateKey(json, bytes) ? 'has a duplicate key' : misspeltIn(json);
  if (odd !== undefined) throw malformed(subject, odd);
  const read = v.safeParse(Config, json);
  if (!read.success)
    throw malformed(
      subject,
      `is not valid: see ${read.issues[0]?.path?.map(({ key }) => String(key)).join('.') ?? 'it'}`,
    );
  const { os, architecture, variant, config } = read.output;
  const parts = [os, architecture, variant].filter((part) => part !== undefined && part !== '');
  if (config?.ArgsEscaped === true) throw malformed(subject, 'escapes its arguments as Windows does (ArgsEscaped)');
  const folder = config?.WorkingDir ?? '';
  if (folder !== '' && !folder.startsWith('/'))
    throw malformed(subject, 'starts in a folder that is not an absolute path');
  const facts: ImageFacts = {
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    env: config?.Env ?? [],
    workingDir: folder === '' ? '/' : folder,
    volumes: Object.keys(config?.Volumes ?? {}).sort(),
  };
  if (facts.volumes.length > MAX_WORDS) throw malformed(subject, `has more than ${MAX_WORDS} volumes`);
  return { platform: parts.length === 0 ? 'no platform' : parts.join('/'), facts };
}

function misspeltIn(json: unknown): string | undefined {
  const key = findMisspelt(json, NAMES);
  return key === undefined ? undefined : `has the misspelt key ${JSON.stringify(key.slice(0, 60))}`;
}

/** Which platform a node takes is not known: all have to start the same. */
function factsOfAll(read: readonly ReadConfig[], subject: string): ImageFacts {
  const [first, ...others] = read;
  if (first === undefined) throw new AssayError('not-found', 'the index names no image', { subject });
  const started = ({ facts: { entrypoint, cmd, workingDir } }: ReadConfig) =>
    JSON.stringify([entrypoint, cmd, workingDir]);
  const other = others.find((one) => started(one) !== started(first));
  if (other !== undefined)
    throw new AssayError('usage', `${first.platform} and ${other.platform} start different programs`, {
      subject,
      hint: `approve each by itself: ${read.map((one) => `${subject}@${one.digest} (${one.platform})`).join(', ')}`,
    });
  const all = (of: (facts: ImageFacts) => readonly string[]) => [...new Set(read.flatMap(({ facts }) => of(facts)))];
  const env = all((facts) => facts.env);
  const volumes = all((facts) => facts.volumes).sort();
  return { ...first.facts, env, volumes };
}

function notSha256(subject: string): AssayError {
  return new AssayError('unsupported', 'names a part by another digest than SHA-256', {
    subject,
    hint: 'ask its publisher to push it with SHA-256 digests',
  });
}

function malformed(subject: string, message: string): AssayError {
  return new AssayError('malformed', `the configuration of the image ${message}`, {
    subject,
    hint: 'do not use it; ask its publisher to push it again',
  });
}
