import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import * as v from 'valibot';
import { AssayError, type JsonBounds, parseBoundedJson } from '../../core/index.ts';

const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev';
const BOUNDS: JsonBounds = { maxBytes: 4 * 1024 * 1024, maxDepth: 16, maxTokens: 100_000 };
const HINT = 'give a trusted_root.json, as `cosign trusted-root create` or a TUF repository makes it';

const Seeds = v.object({
  [PUBLIC_GOOD]: v.object({ targets: v.object({ 'trusted_root.json': v.string() }) }),
});
const MediaType = v.object({ mediaType: v.pipe(v.string(), v.includes('vnd.dev.sigstore.trustedroot')) });

/**
 * The trusted root of the public good instance of Sigstore (https://sigstore.dev), as the installed release of
 * `@sigstore/tuf` ships it. Nothing is fetched.
 */
export async function bundledRoot(): Promise<TrustedRoot> {
  const path = createRequire(import.meta.url).resolve('@sigstore/tuf/seeds.json');
  const seeds = v.parse(Seeds, JSON.parse(await readFile(path, 'utf8')));
  const target = seeds[PUBLIC_GOOD].targets['trusted_root.json'];
  return readTrustedRoot(Buffer.from(target, 'base64'), 'the bundled trusted root');
}

/**
 * A trusted root (https://github.com/sigstore/protobuf-specs): the authorities and logs of one instance of Sigstore.
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `limit`; `usage` for a root that nothing could be verified with
 */
export function readTrustedRoot(bytes: Uint8Array, name: string): TrustedRoot {
  const json = parseBoundedJson(bytes, name, BOUNDS);
  if (!v.is(MediaType, json)) {
    throw new AssayError('malformed', 'is not a trusted root of Sigstore', { subject: name, hint: HINT });
  }
  const root = decode(json, name);
  materialOf(root, name);
  for (const [list, what] of [
    [root.certificateAuthorities, 'certificate authority'],
    [root.tlogs, 'transparency log'],
  ] as const) {
    if (list.length === 0) throw new AssayError('usage', `does not name a ${what}`, { subject: name, hint: HINT });
  }
  return root;
}

function decode(json: unknown, name: string): TrustedRoot {
  try {
    // For an object with a length in place of text, the decoder would allocate that length.
    if (hasLength(json)) throw new Error('a field called length');
    return TrustedRoot.fromJSON(json);
  } catch (cause) {
    throw new AssayError('malformed', 'is a trusted root that cannot be read', { subject: name, hint: HINT, cause });
  }
}

function hasLength(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  if (!Array.isArray(json) && 'length' in json) return true;
  return Object.values(json).some(hasLength);
}

const known = new WeakMap<TrustedRoot, TrustMaterial>();

/**
 * Keys and certificates of a root, for the verifier; read once.
 * @throws AssayError `malformed`
 */
export function materialOf(root: TrustedRoot, name = 'the trusted root'): TrustMaterial {
  const before = known.get(root);
  if (before !== undefined) return before;
  try {
    const material = toTrustMaterial(root);
    known.set(root, material);
    return material;
  } catch (cause) {
    const message = 'has a key or a certificate that cannot be read';
    throw new AssayError('malformed', message, { subject: name, hint: HINT, cause });
  }
}
