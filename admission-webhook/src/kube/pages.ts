import { isAssayError } from '../../../src/core/index.ts';
import type { Connection } from './connection.ts';
import { fieldOf, listField, textField } from './fields.ts';
import { ANSWER_BOUNDS, parseAnswer } from './json.ts';
import { isExpired, KubeError } from './kube-error.ts';

/** Objects asked for at once: a page of large ones is asked for again in smaller pages. */
const PAGE = 250;
const MAX_PAGES = 50_000;

export interface KubePage {
  readonly items: readonly unknown[];
  /** Of the whole list. */
  readonly resourceVersion: string;
}

export interface KubePageOptions {
  readonly signal: AbortSignal | undefined;
  /**
   * When the server has forgotten the rest of a list that takes long: `newer` goes on with what is there by then, `throw` ends
   * with the 410.
   */
  readonly expired: 'newer' | 'throw';
}

/**
 * A collection, page by page.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 * @throws KubeError
 */
export async function* pages(connection: Connection, path: string, options: KubePageOptions): AsyncGenerator<KubePage> {
  let limit = PAGE;
  let next = '';
  for (let asked = 0; asked < MAX_PAGES; asked++) {
    let answer: unknown;
    try {
      answer = await askPage(connection, path, { limit: String(limit), continue: next }, options.signal);
    } catch (error) {
      const smaller = isAssayError(error) && error.code === 'limit' && limit > 1;
      const rest = options.expired === 'newer' && next !== '' ? continueAfter(error) : undefined;
      if (!smaller && rest === undefined) throw error;
      if (smaller) limit = Math.max(1, Math.floor(limit / 8));
      next = rest ?? next;
      continue;
    }
    yield pageOf(answer);
    next = textField(fieldOf(answer, 'metadata'), 'continue') ?? '';
    if (next === '') return;
  }
  throw new KubeError(0, `${connection.access.server} lists ${path} without an end`);
}

async function askPage(
  connection: Connection,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const question = {
    method: 'GET',
    path: pathWithQuery(path, query),
    signal,
    maxBytes: ANSWER_BOUNDS.maxBytes,
  } as const;
  const { server } = connection.access;
  const answer = parseAnswer(await connection.ask(question), server);
  if (Array.isArray(fieldOf(answer, 'items'))) return answer;
  throw new KubeError(0, `${server} does not answer GET ${path} with a list`);
}

/** Where the rest of the list begins: the 410 says so. */
function continueAfter(error: unknown): string | undefined {
  if (!isExpired(error) || !(error instanceof KubeError)) return undefined;
  const token = textField(fieldOf(error.cause, 'metadata'), 'continue');
  return token === '' ? undefined : token;
}

/** In lists of Kubernetes' own kinds, objects do not say what they are. */
function pageOf(answer: unknown): KubePage {
  const kind = textField(answer, 'kind')?.replace(/List$/, '');
  const apiVersion = textField(answer, 'apiVersion');
  const items = listField(answer, 'items').filter((item) => typeof item === 'object' && item !== null);
  const resourceVersion = textField(fieldOf(answer, 'metadata'), 'resourceVersion') ?? '';
  return { items: items.map((item) => ({ apiVersion, kind, ...item })), resourceVersion };
}

/** A path with further parameters; empty ones are left out. */
export function pathWithQuery(path: string, parameters: Readonly<Record<string, string>>): string {
  const [plain = '', query = ''] = path.split('?', 2);
  const all = new URLSearchParams(query);
  for (const [name, value] of Object.entries(parameters)) if (value !== '') all.set(name, value);
  return all.size === 0 ? plain : `${plain}?${all}`;
}
