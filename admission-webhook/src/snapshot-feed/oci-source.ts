import { createHash } from 'node:crypto';
import { AssayError, parseBoundedJson } from '../../../src/core/index.ts';
import { formatOci, isLoopback, type OciReference } from '../../../src/core/reference/index.ts';
import { endpointOf, type OciEndpoint } from '../../../src/oci/index.ts';
import { SNAPSHOT_LIMITS } from '../../../src/snapshot/index.ts';
import { fieldOf, listField, textField } from '../kube/index.ts';
import { ask, discardBody, feedBody, smallBody } from './http.ts';
import { authorisation } from './oci-token.ts';
import type { Fetched, SnapshotSource } from './source.ts';
import { tooLarge, writeBounded } from './spool.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** The distribution specification lets a registry refuse manifests of more than this. */
const MAX_MANIFEST = 4 * 1024 * 1024;
const BOUNDS = { maxBytes: MAX_MANIFEST, maxDepth: 32, maxTokens: 100_000 };
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Registries send to their storage once, or twice. */
const MAX_REDIRECTS = 3;

/** The only layer of an artifact: the signed file, as `oras push` makes one. */
export class OciSource implements SnapshotSource {
  readonly from: string;
  readonly #endpoint: OciEndpoint;
  readonly #reference: OciReference;
  readonly #env: NodeJS.ProcessEnv;
  #authorization: string | undefined;

  /** @throws AssayError `usage` */
  constructor(reference: OciReference, env: NodeJS.ProcessEnv) {
    this.from = formatOci(reference);
    this.#endpoint = endpointOf(reference);
    this.#reference = reference;
    this.#env = env;
  }

  async fetch(mark: string | null, path: string, signal: AbortSignal): Promise<Fetched> {
    const { digest, size } = await this.#layer(signal);
    if (digest === mark) return { kind: 'unchanged' };
    if (size > SNAPSHOT_LIMITS.maxBytes) throw tooLarge(SNAPSHOT_LIMITS.maxBytes);
    const url = this.#url(`blobs/${digest}`);
    const response = await this.#redirected(await this.#get(url, {}, signal), url, signal);
    await this.#mustBe200(response, 'the layer');
    const hash = createHash('sha256');
    await writeBounded(path, hashed(feedBody(response, url, signal), hash), size);
    if (`sha256:${hash.digest('hex')}` !== digest)
      throw this.#error('mismatch', 'the layer has other bytes than its digest');
    return { kind: 'fetched', mark: digest };
  }

  /** Nothing is told by a registry. */
  watch(): void {}

  async #layer(signal: AbortSignal): Promise<{ readonly digest: string; readonly size: number }> {
    const { digest: wanted, tag = 'latest' } = this.#reference;
    const url = this.#url(`manifests/${wanted ?? tag}`);
    const response = await this.#get(url, { accept: MANIFEST }, signal);
    await this.#mustBe200(response, 'the manifest');
    const bytes = await smallBody(response, url, signal, MAX_MANIFEST);
    const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (wanted !== undefined && found !== wanted) {
      throw this.#error('mismatch', 'the manifest has other bytes than its digest');
    }
    const manifest = parseBoundedJson(bytes, this.from, BOUNDS);
    const [layer, ...others] = listField(manifest, 'layers');
    const digest = textField(layer, 'digest') ?? '';
    const size = fieldOf(layer, 'size');
    if (
      others.length > 0 ||
      !DIGEST.test(digest) ||
      typeof size !== 'number' ||
      !Number.isSafeInteger(size) ||
      size < 0
    ) {
      throw this.#error('malformed', 'is not an artifact with one layer, the signed file');
    }
    return { digest, size };
  }

  /** A challenge is answered once. What is got for it goes to the registry's origin alone. */
  async #get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const known = this.#authorization;
    const response = await ask(url, { headers: withAuthorization(headers, known), signal });
    if (response.status !== 401) return response;
    await discardBody(response);
    const challenge = response.headers.get('www-authenticate');
    this.#authorization = await authorisation(challenge, this.#endpoint, this.#env, signal);
    if (this.#authorization === undefined)
      throw this.#error('unauthorized', 'requires a login, and none is configured (401)');
    return ask(url, { headers: withAuthorization(headers, this.#authorization), signal });
  }

  /** To where a registry keeps its blobs: without credentials, and by https unless both are on this machine. */
  async #redirected(first: Response, from: string, signal: AbortSignal): Promise<Response> {
    let [response, at] = [first, from];
    for (let hops = 0; response.status >= 300 && response.status < 400 && hops < MAX_REDIRECTS; hops++) {
      const location = response.headers.get('location') ?? '';
      await discardBody(response);
      if (!URL.canParse(location, at)) throw this.#error('network', 'redirects to an invalid address');
      const url = new URL(location, at);
      const plain = url.protocol === 'http:' && isLoopback(url.hostname) && isLoopback(this.#endpoint.hostname);
      if (url.protocol !== 'https:' && !plain) throw this.#error('refused', `redirects to a ${url.protocol} address`);
      const own = url.origin === this.#endpoint.origin ? this.#authorization : undefined;
      at = url.href;
      response = await ask(at, { headers: withAuthorization({}, own), signal });
    }
    return response;
  }

  async #mustBe200(response: Response, what: string): Promise<void> {
    const { status } = response;
    if (status === 200) return;
    await discardBody(response);
    if (status === 401 || status === 403) throw this.#error('unauthorized', `denies access to ${what} (${status})`);
    if (status === 404) throw this.#error('not-found', `${what} does not exist (404)`);
    throw this.#error('network', `answers ${status} for ${what}`);
  }

  #url(rest: string): string {
    return `${this.#endpoint.origin}/v2/${this.#endpoint.repository}/${rest}`;
  }

  #error(code: 'mismatch' | 'malformed' | 'unauthorized' | 'network' | 'refused' | 'not-found', message: string) {
    return new AssayError(code, message, { subject: this.from });
  }
}

function withAuthorization(headers: Readonly<Record<string, string>>, authorization: string | undefined) {
  return authorization === undefined ? headers : { ...headers, authorization };
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>) {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
