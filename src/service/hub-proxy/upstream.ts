import * as v from 'valibot';
import { type ClaimedDigest, isAssayError, parseBoundedJson } from '../../core/index.ts';
import type { Egress } from '../../egress/index.ts';
import { streamWhole } from '../../sources/http/index.ts';
import {
  type HubEntry,
  type HubQuestion,
  hubEgress,
  hubError,
  listEntries,
  resolveCommit,
} from '../../sources/hub/index.ts';
import { type HubSettings, hubSettings } from '../../sources/hub-cache/index.ts';
import { checked } from '../../sources/index.ts';
import type { ServiceConfig } from '../config.ts';
import { tenantEnvironment } from '../worker/index.ts';

/** The Hub behind the proxy, asked with the tenant's own token, which goes to the Hub's origin alone. */
export interface Upstream {
  /** The commit that a revision leads to now. @throws AssayError `not-found`, `unauthorized`, `network` */
  resolve(repo: string, revision: string): Promise<string>;
  /** Every file at a commit. @throws AssayError */
  list(repo: string, commit: string): Promise<readonly HubEntry[]>;
  /** The task of a model at the Hub, by which libraries choose their classes. @throws AssayError */
  describe(repo: string, commit: string): Promise<Card>;
  /** The bytes of a file, compared with what the Hub announced at the end. @throws AssayError */
  download(file: UpstreamFile, signal: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface UpstreamFile {
  readonly repo: string;
  readonly commit: string;
  readonly path: string;
  readonly size: number;
  readonly claimed: ClaimedDigest;
}

const Word = v.pipe(v.string(), v.maxLength(200));
/** Words from a model's card; nothing that is loaded is named here. */
export const CardSchema = v.object({
  pipeline_tag: v.optional(Word),
  library_name: v.optional(Word),
  tags: v.optional(v.pipe(v.array(Word), v.maxLength(500))),
});
export type Card = v.InferOutput<typeof CardSchema>;

export type UpstreamConfig = Pick<ServiceConfig, 'hubEndpoint' | 'dataFolder' | 'allowPrivateAddresses' | 'allowed'>;

/** Clients wait 10 seconds for an answer: a Hub that is away has to be known before. */
const IMPATIENT = { retry: { retries: 1, firstDelayMs: 200 }, connectTimeoutMs: 4_000 };
/** How long a resolved revision, or that the Hub is away, is believed. */
const FRESH_MS = 15_000;
const MAX_REMEMBERED = 10_000;
const MAX_INFO_BYTES = 16 * 1024 * 1024;
const INFO_MS = 30_000;

/** @throws AssayError for credentials that cannot be read */
export async function openUpstream(config: UpstreamConfig, tenant: string): Promise<Upstream> {
  const env = await tenantEnvironment(config, tenant);
  const settings = hubSettings(env);
  const egress = { rules: { denyPrivate: !config.allowPrivateAddresses, allow: config.allowed.hub } };
  return new HubUpstream(
    settings,
    hubEgress(settings, { env, egress: { ...egress, ...IMPATIENT } }),
    hubEgress(settings, { env, egress }),
  );
}

class HubUpstream implements Upstream {
  readonly #settings: HubSettings;
  readonly #asking: Egress;
  readonly #fetching: Egress;
  readonly #resolved = new Map<string, { readonly until: number; readonly commit: Promise<string> }>();

  constructor(settings: HubSettings, asking: Egress, fetching: Egress) {
    this.#settings = settings;
    this.#asking = asking;
    this.#fetching = fetching;
  }

  resolve(repo: string, revision: string): Promise<string> {
    const key = `${repo}@${revision}`;
    const known = this.#resolved.get(key);
    if (known !== undefined && Date.now() < known.until) return known.commit;
    const commit = resolveCommit(this.#asking, this.#question(repo, revision));
    this.#resolved.delete(key);
    this.#resolved.set(key, { until: Date.now() + FRESH_MS, commit });
    // A refusal may be over by the next request, but a timeout is too expensive to repeat each time.
    commit.catch((error: unknown) => {
      const away = isAssayError(error) && error.code === 'network';
      if (!away && this.#resolved.get(key)?.commit === commit) this.#resolved.delete(key);
    });
    for (const oldest of this.#resolved.keys()) {
      if (this.#resolved.size <= MAX_REMEMBERED) break;
      this.#resolved.delete(oldest);
    }
    return commit;
  }

  list(repo: string, commit: string): Promise<readonly HubEntry[]> {
    return listEntries(this.#asking, this.#question(repo, commit), {});
  }

  async describe(repo: string, commit: string): Promise<Card> {
    const asked = this.#question(repo, commit);
    const url = `${asked.endpoint}/api/models/${repo}/revision/${commit}`;
    const response = await this.#asking.fetch(url, {
      maxBytes: MAX_INFO_BYTES,
      signal: AbortSignal.timeout(INFO_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw hubError(response, asked);
    }
    const info = parseBoundedJson(new Uint8Array(await response.arrayBuffer()), url);
    const card = v.safeParse(CardSchema, info);
    // A card that is odd describes nothing; the files are what they are.
    return card.success ? card.output : {};
  }

  download({ repo, commit, path, size, claimed }: UpstreamFile, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const asked = { ...this.#question(repo, commit), path };
    const name = `hf://${repo}/${path}`;
    const file = {
      url: `${asked.endpoint}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`,
      name,
      egress: this.#fetching,
      explain: async (response: Response) => hubError(response, asked),
    };
    return checked(streamWhole(file, size, size, signal), claimed, size, name);
  }

  async close(): Promise<void> {
    await Promise.all([this.#asking.close(), this.#fetching.close()]);
  }

  #question(repo: string, revision: string): HubQuestion {
    const { endpoint, token } = this.#settings;
    return { endpoint, repo, revision, hasToken: token !== undefined };
  }
}
