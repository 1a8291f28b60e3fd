import { setTimeout as delay } from 'node:timers/promises';
import { AssayError, isAssayError } from '../core/index.ts';
import { MAX_DECISION_QUERIES, ManyDecisionsSchema } from '../registry/api/index.ts';
import type { CurrentDecision, DecisionQuery } from '../registry/index.ts';
import type { ServiceConnection } from './http.ts';

/** Tries after the first: a question changes nothing, and may be asked again. */
const RETRIES = 2;
const FIRST_DELAY_MS = 300;

/**
 * Asks a service for its decisions about many digests and references.
 * @returns the answers to each question, in their order; none where the service does not know the bytes
 * @throws AssayError `network` when it does not answer; `malformed` for answers to other questions than were asked, `limit`,
 *   `unauthorized`, `refused`, `usage`, `aborted`; RegistryError for what the token may not do
 */
export async function askDecisions(
  service: ServiceConnection,
  queries: readonly DecisionQuery[],
  signal: AbortSignal,
): Promise<readonly (readonly CurrentDecision[])[]> {
  const all: (readonly CurrentDecision[])[] = [];
  for (let at = 0; at < queries.length; at += MAX_DECISION_QUERIES) {
    const batch = queries.slice(at, at + MAX_DECISION_QUERIES);
    const { results } = await patiently(
      () => service.post('/v1/decisions', { queries: batch }, ManyDecisionsSchema),
      signal,
    );
    const isComplete = results.length === batch.length;
    if (!isComplete || results.some(({ query, items }, index) => !isAnswerTo(batch[index], query, items))) {
      const hint = 'check that it is a service of assay, of this version';
      throw new AssayError('malformed', 'answers other questions than it was asked', { subject: service.name, hint });
    }
    all.push(...results.map(({ items }) => items));
  }
  return all;
}

function isAnswerTo(
  asked: DecisionQuery | undefined,
  answered: { readonly digest?: string; readonly ref?: string },
  items: readonly CurrentDecision[],
): boolean {
  if (asked === undefined) return false;
  if ('ref' in asked) return answered.ref === asked.ref && answered.digest === undefined;
  const { digest } = asked;
  return answered.digest === digest && answered.ref === undefined && items.every((item) => item.digest === digest);
}

async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isAssayError(error) || error.code !== 'network' || attempt >= RETRIES) throw error;
      await delay(FIRST_DELAY_MS * 2 ** attempt, undefined, { signal }).catch(() => undefined);
    }
  }
}
