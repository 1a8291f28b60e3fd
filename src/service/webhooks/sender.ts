import { createHmac } from 'node:crypto';
import { isAssayError } from '../../core/index.ts';
import { createEgress, type Egress, portlessMessage } from '../../egress/index.ts';
import type { ClaimedDelivery, DeliveryEnd, WebhookStore } from '../../registry/index.ts';
import { Notifier } from '../queue/index.ts';

export interface WebhookSenderOptions {
  /** Receivers may have addresses in private networks. */
  readonly allowPrivateAddresses: boolean;
  /** Hosts and networks inside that may be told all the same. */
  readonly allow?: readonly string[];
  /** Told when the store cannot be reached; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** Tries of one delivery before it is given up. */
  readonly maxAttempts?: number;
  /** Pause after the first failure; doubles for each further one. */
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly pollMs?: number;
  readonly timeoutMs?: number;
  readonly now?: () => Date;
}

/** Delivers entries of the audit log to webhooks, each at least once, even if a process dies meanwhile. */
export interface WebhookSender {
  /** Ends what is being sent, or gives it back. */
  close(): Promise<void>;
}

const HOUR = 3_600_000;
const DEFAULTS = {
  maxAttempts: 14,
  firstDelayMs: 1_000,
  maxDelayMs: HOUR,
  pollMs: 500,
  timeoutMs: 10_000,
  now: () => new Date(),
  allow: [] as readonly string[],
};
/** Deliveries under way at a time. */
const AT_ONCE = 64;
/** How long deliveries that ended are kept, to be looked at and delivered again. */
const KEEP_MS = 30 * 24 * HOUR;

export function startWebhookSender(store: WebhookStore, options: WebhookSenderOptions): WebhookSender {
  const settings = { ...DEFAULTS, ...options };
  const stop = new AbortController();
  const egress = createEgress({
    rules: { denyPrivate: !options.allowPrivateAddresses, allow: settings.allow },
    retry: { retries: 0 },
    signal: stop.signal,
  });
  const done = run(store, egress, settings, stop.signal);
  return {
    async close() {
      stop.abort();
      await done;
      await egress.close();
    },
  };
}

type Settings = Required<WebhookSenderOptions>;

async function run(store: WebhookStore, egress: Egress, settings: Settings, signal: AbortSignal): Promise<void> {
  const underWay = new Map<ClaimedDelivery, Promise<void>>();
  const notifier = new Notifier();
  let pruneAt = 0;
  while (!signal.aborted) {
    let busy = false;
    try {
      busy = await store.plan();
      const claimed = await claim(store, settings, [...underWay.keys()]);
      for (const one of claimed) {
        const ended = deliver(store, egress, settings, one, signal)
          .catch(settings.onError)
          .finally(() => {
            underWay.delete(one);
            notifier.notify();
          });
        underWay.set(one, ended);
      }
      busy ||= claimed.length > 0;
      const now = settings.now().getTime();
      if (now >= pruneAt) {
        await store.prune(new Date(now - KEEP_MS));
        pruneAt = now + HOUR;
      }
    } catch (error) {
      settings.onError(error);
    }
    if (!busy) await notifier.wait(settings.pollMs, signal);
  }
  await Promise.all(underWay.values());
}

async function claim(
  store: WebhookStore,
  { timeoutMs }: Settings,
  underWay: readonly ClaimedDelivery[],
): Promise<readonly ClaimedDelivery[]> {
  if (underWay.length >= AT_ONCE) return [];
  // A webhook that is being told has to take that first: the slow hold up nobody else.
  const busy = [...new Set(underWay.map(({ webhook }) => webhook))];
  return store.claim(timeoutMs * 2, AT_ONCE - underWay.length, busy);
}

async function deliver(
  store: WebhookStore,
  egress: Egress,
  settings: Settings,
  claimed: ClaimedDelivery,
  signal: AbortSignal,
): Promise<void> {
  const end = await attempt(egress, settings, claimed);
  // Stopped half way: the lease runs out, and another sender goes on.
  if (signal.aborted && end.kind !== 'delivered') return;
  await store.settle(claimed, end);
}

async function attempt(egress: Egress, settings: Settings, claimed: ClaimedDelivery): Promise<DeliveryEnd> {
  const body = JSON.stringify(payloadOf(claimed));
  try {
    const response = await egress.fetch(claimed.url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'assay-webhook',
        'assay-event': claimed.entry.action,
        'assay-delivery': claimed.id,
        'assay-signature': signatureOf(claimed.secret, body, settings.now()),
      },
      body,
      signal: AbortSignal.timeout(settings.timeoutMs),
    });
    // The body of the receiver's answer is ignored.
    await response.body?.cancel();
    const { status } = response;
    if (status >= 200 && status < 300) return { kind: 'delivered', status };
    const error =
      status >= 300 && status < 400 ? `answered ${status}; redirects are not followed` : `answered ${status}`;
    return status === 410 ? { kind: 'dead', status, error } : failed(settings, claimed, status, error);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return error.code === 'refused'
      ? { kind: 'dead', status: null, error: error.message }
      : failed(settings, claimed, null, portlessMessage(error) ?? error.message);
  }
}

function failed(
  { maxAttempts, firstDelayMs, maxDelayMs, now }: Settings,
  { attempt }: ClaimedDelivery,
  status: number | null,
  error: string,
): DeliveryEnd {
  if (attempt >= maxAttempts) return { kind: 'dead', status, error };
  const delay = Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs);
  // Jitter, so that a recovered receiver does not get all retries at once.
  return { kind: 'retry', at: new Date(now().getTime() + delay * (0.5 + Math.random() / 2)), status, error };
}

/** The body of a delivery. The same for each try of it. */
function payloadOf({ id, entry }: ClaimedDelivery) {
  const { seq, at, tenant, actor, action, subject, detail } = entry;
  return { delivery: id, seq, at, tenant, actor, action, subject, detail };
}

/**
 * `t=<seconds since 1970>,v1=<hex>`: HMAC-SHA-256 with the webhook's secret over the time, a dot and the body as it is sent. A
 * receiver computes it again, and refuses a time that is more than five minutes off: then nothing can be replayed.
 */
export function signatureOf(secret: string, body: string, at: Date): string {
  const time = Math.floor(at.getTime() / 1000);
  const hmac = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return `t=${time},v1=${hmac}`;
}
