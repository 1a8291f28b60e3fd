import { createHash } from 'node:crypto';
import { AssayError } from '../core/index.ts';
import {
  type Credential,
  createEgress,
  discard,
  type Egress,
  type EgressInit,
  type EgressOptions,
} from '../egress/index.ts';
import { authorise, type OciStanding } from './auth.ts';
import { parseChallenge } from './challenge.ts';
import type { OciEndpoint } from './endpoint.ts';
import { noRegistry, ociError } from './error.ts';

/** The bytes of a manifest, and the media type that the registry states. */
export interface OciManifestBytes {
  readonly bytes: Uint8Array;
  /** `sha256:<hex>` of the bytes, computed here. */
  readonly digest: string;
  /** Without parameters, in small letters; empty when the registry names none. */
  readonly contentType: string;
}

/** How to access a registry. */
export interface OciOptions {
  readonly signal?: AbortSignal;
  /** Where logins and proxies are read from; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly egress?: Pick<EgressOptions, 'rules' | 'retry' | 'connectTimeoutMs' | 'idleTimeoutMs'>;
}

/** The distribution specification lets a registry refuse manifests of more than this. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MANIFEST_TIMEOUT_MS = 120_000;
const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/**
 * One repository of a registry, accessed by the OCI distribution API. A challenge is answered once for each request; the token
 * is kept in memory and sent only to the origin of the registry, never to content delivery networks.
 */
export class OciClient implements Egress {
  readonly endpoint: OciEndpoint;
  readonly #egress: Egress;
  readonly #options: OciOptions;
  /** The egress looks it up again for each request: a new token takes the place of one that expired. */
  readonly #credentials: Credential[] = [];
  #standing: OciStanding = { kind: 'anonymous' };
  #renewal: Promise<void> | undefined;

  constructor(endpoint: OciEndpoint, options: OciOptions) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#egress = createEgress({ ...this.#egressOptions(), credentials: this.#credentials });
  }

  /**
   * A manifest by tag or digest.
   * @throws AssayError `mismatch` for other bytes than the digest names; `limit`, `not-found`, `unauthorized`, `network`.
   */
  async manifest(reference: string): Promise<OciManifestBytes> {
    const { origin, repository, subject } = this.endpoint;
    const response = await this.fetch(`${origin}/v2/${repository}/manifests/${reference}`, {
      headers: { accept: ACCEPT },
      maxBytes: MAX_MANIFEST_BYTES,
      signal: AbortSignal.timeout(MANIFEST_TIMEOUT_MS),
    });
    if (!response.ok) {
      await discard(response);
      throw this.explain(response, `manifest ${reference}`);
    }
    const contentType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (contentType.startsWith('text/')) {
      await discard(response);
      throw noRegistry(this.endpoint, `answers with ${contentType}`);
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const announced = response.headers.get('docker-content-digest')?.trim().toLowerCase();
    const named = reference.startsWith('sha256:') ? reference : announced;
    for (const wanted of [named, announced]) {
      if (wanted?.startsWith('sha256:') === true && wanted !== digest) throw otherManifest(subject, digest, wanted);
    }
    return { bytes, digest, contentType };
  }

  blobUrl(digest: string): string {
    return `${this.endpoint.origin}/v2/${this.endpoint.repository}/blobs/${digest}`;
  }

  /** The error for a status of the registry, given the identity of the request. */
  explain(response: Response, what: string): AssayError {
    return ociError(response, { endpoint: this.endpoint, what, standing: this.#standing });
  }

  async fetch(input: string | URL | Request, init?: EgressInit): Promise<Response> {
    const before = this.#credentials[0]?.header.value;
    const response = await this.#egress.fetch(input, init);
    if (response.status !== 401 || new URL(response.url).origin !== this.endpoint.origin) return response;
    await this.#renew(response.headers.get('www-authenticate'), before);
    if (this.#credentials[0]?.header.value === before) return response;
    await discard(response);
    return this.#egress.fetch(input, init);
  }

  close(): Promise<void> {
    return this.#egress.close();
  }

  /** Requests that are refused at the same time wait for one answer to the challenge. */
  async #renew(header: string | null, before: string | undefined): Promise<void> {
    if (this.#credentials[0]?.header.value !== before) return;
    this.#renewal ??= this.#authorise(header).finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
  }

  async #authorise(header: string | null): Promise<void> {
    const challenge = parseChallenge(header);
    if (challenge === undefined) return;
    const options = { env: this.#options.env ?? process.env, egress: this.#egressOptions() };
    const { header: value, standing } = await authorise(challenge, this.endpoint, options);
    this.#standing = standing;
    if (value === undefined) return;
    this.#credentials.splice(0, 1, { origin: this.endpoint.origin, header: { name: 'authorization', value } });
  }

  #egressOptions() {
    return { ...this.#options.egress, env: this.#options.env ?? process.env, signal: this.#options.signal };
  }
}

function otherManifest(subject: string, found: string, wanted: string): AssayError {
  return new AssayError('mismatch', `the bytes of the manifest have the digest ${found}, but ${wanted} was announced`, {
    subject,
    hint: 'do not use it; try again, and report it to the operator of the registry if it happens again',
  });
}
