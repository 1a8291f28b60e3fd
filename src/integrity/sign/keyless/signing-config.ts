import * as v from 'valibot';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';
import { type SigningServices, serviceUrl, timestampUrl } from './services.ts';

const Moment = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'is not a date'),
);
const Listed = v.object({
  url: v.string(),
  majorApiVersion: v.pipe(v.number(), v.integer()),
  validFor: v.optional(v.object({ start: v.optional(Moment), end: v.optional(Moment) })),
  operator: v.optional(v.string(), ''),
});
type Listed = v.InferOutput<typeof Listed>;
const Selection = v.object({
  selector: v.picklist(['ANY', 'ALL', 'EXACT']),
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
});
type Selection = v.InferOutput<typeof Selection>;
const Config = v.object({
  mediaType: v.literal('application/vnd.dev.sigstore.signingconfig.v0.2+json'),
  caUrls: v.array(Listed),
  rekorTlogUrls: v.optional(v.array(Listed), []),
  rekorTlogConfig: v.optional(Selection, { selector: 'ANY' }),
  tsaUrls: v.optional(v.array(Listed), []),
  tsaConfig: v.optional(Selection, { selector: 'ANY' }),
});

const ONE: Selection = { selector: 'ANY', count: 1 };
const BOUNDS = { maxBytes: 1024 * 1024, maxDepth: 16, maxTokens: 100_000 };

/**
 * Which services a signing config (`SigningConfig` v0.2 of https://github.com/sigstore/protobuf-specs) says to use now.
 * @throws AssayError `usage`
 */
export function readSigningConfig(bytes: Uint8Array, subject: string, now = new Date()): SigningServices {
  const config = parse(bytes, subject);
  const choose = (listed: readonly Listed[], version: number, selection: Selection) =>
    select(listed, version, selection, now);
  const [authority] = choose(config.caUrls, 1, ONE) ?? [];
  if (authority === undefined) throw usage('does not name a certificate authority that is in use now', subject);
  const version = choose(config.rekorTlogUrls, 2, ONE) === undefined ? 1 : 2;
  const logs = choose(config.rekorTlogUrls, version, config.rekorTlogConfig);
  if (logs === undefined) throw usage('names too few transparency logs that are in use now', subject);
  const stamps = config.tsaUrls.length === 0 ? [] : choose(config.tsaUrls, 1, config.tsaConfig);
  if (stamps === undefined) throw usage('names too few timestamp authorities that are in use now', subject);
  return {
    fulcioUrl: serviceUrl(authority.url, subject),
    logs: logs.map(({ url }) => ({ url: serviceUrl(url, subject), version })),
    timestampUrls: stamps.map(({ url }) => timestampUrl(url, subject)),
  };
}

function parse(bytes: Uint8Array, subject: string): v.InferOutput<typeof Config> {
  let json: unknown;
  try {
    json = parseBoundedJson(bytes, subject, BOUNDS);
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : 'cannot be read', subject);
  }
  const read = v.safeParse(Config, json);
  if (read.success) return read.output;
  const [issue] = read.issues;
  throw usage(`is not a signing config: ${v.getDotPath(issue) ?? 'it'} is not valid`, subject);
}

/** As the specification requires: the newest service in use of each operator. */
function select(
  listed: readonly Listed[],
  version: number,
  { selector, count }: Selection,
  now: Date,
): readonly Listed[] | undefined {
  const usable = listed.filter((one) => one.majorApiVersion === version && isInUse(one, now));
  usable.sort((a, b) => startOf(b) - startOf(a));
  const operators = new Map<string, Listed>();
  for (const one of usable) if (!operators.has(one.operator)) operators.set(one.operator, one);
  const enough = { ANY: 1, ALL: Math.max(1, operators.size), EXACT: count }[selector];
  return operators.size < enough ? undefined : [...operators.values()].slice(0, enough);
}

function isInUse({ validFor }: Listed, now: Date): boolean {
  const end = validFor?.end;
  return (
    (validFor?.start === undefined || new Date(validFor.start) <= now) && (end === undefined || now <= new Date(end))
  );
}

function startOf({ validFor }: Listed): number {
  return Date.parse(validFor?.start ?? '1970-01-01');
}

function usage(message: string, subject: string): AssayError {
  return new AssayError('usage', message, { subject, hint: 'give a Sigstore signing config, v0.2' });
}
