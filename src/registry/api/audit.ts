import { countOf, literal, object, opaque, type Static, text, union, wholeNumber } from '../../core/schema/index.ts';
import { A_HASH, moment } from './kit.ts';

export const AuditEntrySchema = object(
  {
    seq: wholeNumber({ minimum: 1, description: 'From 1, without a gap' }),
    at: moment('When'),
    tenant: text('The tenant'),
    actor: text('Who did it'),
    action: text('What was done'),
    subject: text('To what'),
    detail: opaque<Readonly<Record<string, unknown>>>({ type: 'object', description: 'Details' }),
    previous: text('Hex SHA-256 of the entry before', {}, A_HASH),
    hash: text('Hex SHA-256 over the canonical JSON of all other fields', {}, A_HASH),
  },
  'One entry of the audit log',
);
/** One entry of the audit log of a tenant: `version.registered` of `model@number`. Before the first stand 64 zeros. */
export type AuditEntry = Static<typeof AuditEntrySchema>;

export const AuditVerdictSchema = union([
  object(
    {
      kind: literal('intact'),
      entries: countOf('Entries that were read'),
      head: object({ seq: countOf('Of the newest entry'), hash: text('Of the newest entry', {}, A_HASH) }),
    },
    'Every entry follows from the one before',
  ),
  object(
    {
      kind: literal('broken'),
      seq: countOf('The first entry that does not follow'),
      why: text('The problem'),
    },
    'The log was changed',
  ),
]);
/** A fault of an audit log. */
export type AuditVerdict = Static<typeof AuditVerdictSchema>;
