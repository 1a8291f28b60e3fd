import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from '../problems/index.ts';

/** How far the clock of the MLflow server may be off, and how long a delivery may take. */
export const MAX_AGE_MS = 300_000;

/**
 * Checks that MLflow sent a body: `X-MLflow-Signature: v1,<base64>` is HMAC-SHA-256 with the webhook's secret over the delivery's
 * id, its time and the body, with dots between (MLflow 3, `mlflow/webhooks/delivery.py`, after Standard Webhooks).
 * @param secret `undefined` when the tenant has none: nothing is signed by it
 * @returns the id of the delivery
 * @throws ServiceError 401 `bad-signature`, `stale-webhook`
 */
export function checkMlflowSignature(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  secret: string | undefined,
  now: Date,
): string {
  const id = headerOf(headers, 'x-mlflow-delivery-id');
  const time = headerOf(headers, 'x-mlflow-timestamp');
  const given = headerOf(headers, 'x-mlflow-signature').split(' ').slice(0, 8);
  if (secret === undefined || !/^[\x21-\x7e]{1,100}$/.test(id) || !/^\d{1,12}$/.test(time)) throw unsigned();
  const hmac = createHmac('sha256', secret).update(`${id}.${time}.`).update(body).digest('base64');
  if (!given.some((signature) => isSecret(signature, `v1,${hmac}`))) throw unsigned();
  if (Math.abs(now.getTime() - Number(time) * 1000) > MAX_AGE_MS)
    throw new ServiceError(401, 'stale-webhook', 'the signature is older than five minutes, or from the future');
  return id;
}

/** Compares in a time that tells nothing of where they differ. */
export function isSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

function unsigned(): ServiceError {
  return new ServiceError(401, 'bad-signature', 'the signature does not match the secret of the webhook');
}

function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
