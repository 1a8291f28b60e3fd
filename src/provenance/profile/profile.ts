import { AssayError, type JsonBounds, parseBoundedJson } from '../../core/index.ts';
import {
  array,
  check,
  countOf,
  DIGEST,
  object,
  oneOf,
  opaque,
  optionalOf,
  type Static,
  text,
} from '../../core/schema/index.ts';
import type { DetectorRecord } from '../detectors/index.ts';

/** A profile of approved data is smaller, and none of it nests deep. */
export const PROFILE_BOUNDS: JsonBounds = { maxBytes: 16 * 1024 * 1024, maxDepth: 16, maxTokens: 2_000_000 };

const ID = '^data\\.[a-z0-9-]{1,64}$';

const RecordSchema = object({
  id: text('The check.', { pattern: ID }),
  flagged: countOf('Rows that were flagged.'),
  of: countOf('Rows that were looked at.'),
  groups: optionalOf(countOf('Groups of flagged rows, where these belong together.')),
  sketch: optionalOf(opaque<Readonly<Record<string, unknown>>>({ type: 'object', description: "The check's own." })),
});

/** What is kept of approved data: enough to compare other data with, and no row of it. */
export const ProfileSchema = object({
  profileVersion: oneOf(['1']),
  tool: object({ name: oneOf(['assay']), version: text() }),
  data: array(object({ split: text(), format: text(), bytes: countOf(), sha256: text(undefined, DIGEST) }), {
    maxItems: 100_000,
    description: 'The files that it was made of.',
  }),
  rows: countOf(),
  checks: array(RecordSchema, { maxItems: 1_000, description: 'By id.' }),
});

export type Profile = Static<typeof ProfileSchema>;

export interface ProfileOptions {
  readonly version: string;
  readonly data: Profile['data'];
  readonly rows: number;
  readonly kept: ReadonlyMap<string, DetectorRecord>;
}

/** The same for the same data: it holds no time, no path, and no result that depends on the machine. */
export function profileOf({ version, data, rows, kept }: ProfileOptions): Profile {
  const checks = [...kept]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { flagged, of, groups, sketch }]) => ({
      id,
      flagged,
      of,
      ...(groups === undefined ? {} : { groups }),
      ...(isSketch(sketch) ? { sketch } : {}),
    }));
  return { profileVersion: '1', tool: { name: 'assay', version }, data: [...data], rows, checks };
}

function isSketch(sketch: unknown): sketch is Readonly<Record<string, unknown>> {
  return typeof sketch === 'object' && sketch !== null && !Array.isArray(sketch);
}

/** The text of the file of a profile. @throws AssayError `limit` for one that could not be read again */
export function profileText(profile: Profile): string {
  const written = `${JSON.stringify(profile, undefined, 1)}\n`;
  if (Buffer.byteLength(written) > PROFILE_BOUNDS.maxBytes)
    throw new AssayError('limit', `has more than ${PROFILE_BOUNDS.maxBytes} bytes`, {
      subject: 'the profile',
      hint: 'leave out columns',
    });
  return written;
}

/** @param name for messages @throws AssayError `malformed`, `limit` */
export function readDataProfile(bytes: Uint8Array, name: string): Profile {
  const checked = check(ProfileSchema, parseBoundedJson(bytes, name, PROFILE_BOUNDS));
  if ('value' in checked) return checked.value;
  const [{ pointer, message }] = checked.invalid;
  throw new AssayError('malformed', `is not a profile of data: ${pointer || '/'} ${message}`, {
    subject: name,
    hint: 'write one: assay data <dataset> --profile-out baseline.json',
  });
}

/** What a profile keeps, by the ids of checks. */
export function recordsOf({ checks }: Profile): ReadonlyMap<string, DetectorRecord> {
  return new Map(
    checks.map(({ id, flagged, of, groups, sketch }) => [
      id,
      { flagged, of, ...(groups === undefined ? {} : { groups }), ...(sketch === undefined ? {} : { sketch }) },
    ]),
  );
}
