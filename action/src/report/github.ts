import { AssayError, isAssayError } from '../../../src/core/index.ts';
import { createEgress, type Egress } from '../../../src/egress/index.ts';

const MARK = '<!-- assay: one comment for each category -->';
/** GitHub refuses comments of more than 65,536 characters. */
export const MAX_COMMENT = 64_000;
const MAX_PAGES = 30;

/** What became of a request that the step can do without. */
export type WriteOutcome = { readonly kind: 'written' } | { readonly kind: 'refused'; readonly why: string };

/** GitHub's API, spoken to with the token of the job and with nothing else. */
export class GitHub {
  readonly #egress: Egress;
  readonly #api: string;
  readonly #repository: string;

  /** @throws AssayError `usage` when the runner does not say where the API is */
  constructor(env: NodeJS.ProcessEnv, token: string, signal: AbortSignal) {
    const api = env.GITHUB_API_URL ?? '';
    const repository = env.GITHUB_REPOSITORY ?? '';
    if (!URL.canParse(api) || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
      throw new AssayError('usage', 'does not say where the API of GitHub is', { subject: 'GITHUB_API_URL' });
    }
    this.#api = api.replace(/\/+$/, '');
    this.#repository = repository;
    const header = { name: 'authorization', value: `Bearer ${token}` };
    this.#egress = createEgress({
      env,
      signal,
      credentials: [{ origin: new URL(api).origin, header }],
      retry: { retries: 1 },
    });
  }

  /** Writes the one comment of the Action, or replaces its text. */
  async comment(pull: number, category: string, markdown: string): Promise<WriteOutcome> {
    const mark = category === '' ? MARK : `${MARK}<!-- ${category.replace(/[^\w./-]/g, '_')} -->`;
    const body = `${mark}\n${markdown}`;
    return this.#attempt(async () => {
      const known = await this.#findComment(pull, mark);
      const path = known === undefined ? `issues/${pull}/comments` : `issues/comments/${known}`;
      return this.#send(known === undefined ? 'POST' : 'PATCH', path, { body });
    });
  }

  /** A check that is neither green nor red. */
  async neutralCheck(head: string, title: string, summary: string): Promise<WriteOutcome> {
    const output = { title, summary: summary.slice(0, MAX_COMMENT) };
    const check = { name: 'Assay', head_sha: head, status: 'completed', conclusion: 'neutral', output };
    return this.#attempt(() => this.#send('POST', 'check-runs', check));
  }

  async close(): Promise<void> {
    await this.#egress.close();
  }

  async #findComment(pull: number, mark: string): Promise<number | undefined> {
    for (let page = 1; page <= MAX_PAGES; page++) {
      const response = await this.#request('GET', `issues/${pull}/comments?per_page=100&page=${page}`);
      const list: unknown = response.ok ? await response.json() : undefined;
      if (!Array.isArray(list)) throw refusal(response);
      for (const one of list) {
        // Anybody may write the mark; only the comment of a bot is ours to replace.
        if (isOwn(one, mark)) return one.id;
      }
      if (list.length < 100) return undefined;
    }
    return undefined;
  }

  async #send(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<void> {
    const response = await this.#request(method, path, JSON.stringify(body));
    await response.body?.cancel();
    if (!response.ok) throw refusal(response);
  }

  #request(method: string, path: string, body?: string): Promise<Response> {
    const headers = {
      accept: 'application/vnd.github+json',
      'content-type': 'application/json',
      'user-agent': 'assay-action',
      'x-github-api-version': '2022-11-28',
    };
    return this.#egress.fetch(`${this.#api}/repos/${this.#repository}/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  async #attempt(write: () => Promise<void>): Promise<WriteOutcome> {
    try {
      await write();
      return { kind: 'written' };
    } catch (error) {
      if (!isAssayError(error) || error.code === 'internal') throw error;
      return { kind: 'refused', why: error.message };
    }
  }
}

function isOwn(comment: unknown, mark: string): comment is { id: number } {
  if (typeof comment !== 'object' || comment === null) return false;
  const { id, body, user } = comment as { id?: unknown; body?: unknown; user?: { type?: unknown } | null };
  return typeof id === 'number' && typeof body === 'string' && body.startsWith(`${mark}\n`) && user?.type === 'Bot';
}

function refusal(response: Response): AssayError {
  const left = response.headers.get('x-ratelimit-remaining');
  const limited = response.status === 429 || (response.status === 403 && left === '0');
  if (limited) return new AssayError('network', 'the rate limit of GitHub is reached');
  if (response.status === 401 || response.status === 403 || response.status === 404) {
    return new AssayError('unauthorized', `the token of the job has no permission (HTTP ${response.status})`);
  }
  return new AssayError('network', `GitHub answered with HTTP ${response.status}`);
}
