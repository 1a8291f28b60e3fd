/** How often and how long an idempotent request is retried. */
export interface RetryRules {
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds before the first retry; doubled for each further one. */
  readonly firstDelayMs: number;
  /** The longest that a server's `Retry-After` is obeyed; one that asks for more ends the request. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryRules = { retries: 4, firstDelayMs: 400, maxDelayMs: 60_000 };

const WORTH_RETRYING = new Set([408, 429, 500, 502, 503, 504]);

export function mayRetry(method: string, status: number): boolean {
  return (method === 'GET' || method === 'HEAD') && WORTH_RETRYING.has(status);
}

/**
 * Milliseconds to wait before try `attempt` (0 is the first retry).
 * @returns `undefined` when the server asks for longer than the rules allow.
 */
export function retryDelay(attempt: number, headers: Headers | undefined, rules: RetryRules): number | undefined {
  const asked = headers === undefined ? undefined : askedDelay(headers);
  if (asked !== undefined) return asked > rules.maxDelayMs ? undefined : asked;
  return Math.min(rules.firstDelayMs * 2 ** attempt * (0.75 + Math.random() / 2), rules.maxDelayMs);
}

/** `Retry-After` in seconds or as a date (RFC 9110), else the `t` of the Hub's `RateLimit` header. */
function askedDelay(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (text !== undefined && !Number.isNaN(Date.parse(text))) return Math.max(0, Date.parse(text) - Date.now());
  const seconds = /(?:^|;)\s*t=(\d{1,9})/.exec(headers.get('ratelimit') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
