import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AssayError } from '../../../src/core/index.ts';
import { decodeBase64 } from '../../../src/integrity/envelope/index.ts';
import { fieldOf, type KubeClient, KubeError, type ObjectPlace, textField, textsOf } from '../kube/index.ts';
import type { Fetched, SnapshotSource } from './source.ts';
import { writeBounded } from './spool.ts';

/** CWE-770: of a snapshot of any size that is allowed, cut into pieces of a ConfigMap's 1 MiB. */
const MAX_PARTS = 512;
const MAX_MAPS = 64;

/**
 * A key of a ConfigMap, as text or as bytes, as it is or through gzip. Etcd keeps no more than 1 MiB in one object: what is larger
 * is cut into `key.0`, `key.1`, ..., which stand in the ConfigMaps `name`, `name-1`, `name-2`, ... in this order. Nothing needs to
 * say how many there are, or that all are of one snapshot: the signature does.
 */
export class ConfigMapSource implements SnapshotSource {
  readonly from: string;
  readonly #kube: KubeClient;
  readonly #place: ObjectPlace;
  readonly #key: string;

  constructor(kube: KubeClient, place: ObjectPlace, key: string) {
    this.from = `configmap://${place.namespace}/${place.name}/${key}`;
    this.#kube = kube;
    this.#place = place;
    this.#key = key;
  }

  async fetch(mark: string | null, path: string, signal: AbortSignal): Promise<Fetched> {
    const { parts, versions } = await this.#read(signal);
    const own = versions.join(',');
    if (own === mark) return { kind: 'unchanged' };
    await writeBounded(path, plain(parts, this.from));
    return { kind: 'fetched', mark: own };
  }

  watch(nudge: () => void, signal: AbortSignal): void {
    const { namespace, name } = this.#place;
    const path = `${collectionOf(namespace)}?fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
    // What is wrong with a watch is told by asking for the object, which the clock does, too.
    const listener = { onObject: nudge, onGone: nudge, onSynced: () => {}, onProblem: () => {} };
    void this.#kube.watch(path, listener, signal);
  }

  async #read(signal: AbortSignal): Promise<{ readonly parts: Buffer[]; readonly versions: string[] }> {
    const first = await this.#get(this.#place.name, signal);
    const versions = [versionOf(first)];
    const whole = bytesAt(first, this.#key, this.from);
    if (whole !== undefined) return { parts: [whole], versions };
    const parts: Buffer[] = [];
    let map: unknown = first;
    while (this.#addParts(map, parts) && versions.length < MAX_MAPS) {
      map = await this.#more(`${this.#place.name}-${versions.length}`, signal);
      if (map === undefined) break;
      versions.push(versionOf(map));
    }
    if (parts.length > 0) return { parts, versions };
    const hint = `put it under ${this.#key}, or cut under ${this.#key}.0`;
    throw new AssayError('not-found', 'the ConfigMap has no such key', { subject: this.from, hint });
  }

  /** @returns whether there were any */
  #addParts(map: unknown, parts: Buffer[]): boolean {
    const before = parts.length;
    while (parts.length < MAX_PARTS) {
      const part = bytesAt(map, `${this.#key}.${parts.length}`, this.from);
      if (part === undefined) break;
      parts.push(part);
    }
    return parts.length > before;
  }

  #get(name: string, signal: AbortSignal): Promise<unknown> {
    return this.#kube.get(`${collectionOf(this.#place.namespace)}/${encodeURIComponent(name)}`, signal);
  }

  /** One that is not there, or that nobody may read, ends the row. */
  async #more(name: string, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#get(name, signal);
    } catch (error) {
      if (error instanceof KubeError && (error.status === 404 || error.status === 403)) return undefined;
      throw error;
    }
  }
}

function collectionOf(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
}

function versionOf(object: unknown): string {
  const metadata = fieldOf(object, 'metadata');
  return `${textField(metadata, 'uid') ?? ''}:${textField(metadata, 'resourceVersion') ?? ''}`;
}

function bytesAt(map: unknown, key: string, subject: string): Buffer | undefined {
  const text = textsOf(map, 'data')[key];
  if (text !== undefined) return Buffer.from(text);
  const base64 = textsOf(map, 'binaryData')[key];
  if (base64 === undefined) return undefined;
  const bytes = decodeBase64(base64);
  if (bytes === undefined) throw new AssayError('malformed', `${key} is not base64`, { subject });
  return bytes;
}

/** The bytes, through gzip where they start as gzip does (RFC 1952). However much they hold, only so much is written. */
async function* plain(parts: readonly Buffer[], subject: string): AsyncGenerator<Uint8Array> {
  const [first] = parts;
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) {
    yield* parts;
    return;
  }
  const gunzip = Readable.from(parts).pipe(createGunzip());
  try {
    for await (const chunk of gunzip) yield chunk;
  } catch (cause) {
    throw new AssayError('malformed', 'its gzip cannot be read', { subject, cause });
  }
}
