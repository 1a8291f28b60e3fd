import { countOf, object, oneOf, optionalOf, text, wholeNumber } from '../../schema/index.ts';
import { SEVERITIES } from '../severity.ts';
import { FINGERPRINT, texts } from './kit.ts';

export const FingerprintSchema = text(
  'Identifies a finding across scans, by its rule, place and subject, without offsets. Stable across versions of a file.',
  FINGERPRINT,
);

export const FindingSchema = object({
  ruleId: text('The id of the rule, which `assay explain` shows.'),
  severity: oneOf(SEVERITIES),
  message: text('A message for people.'),
  file: text('Path of the file, as in files[].path.'),
  member: optionalOf(text("Path within an archive, each container's member after a `!`; none for the file itself.")),
  offset: optionalOf(countOf('Byte offset within the member, or within the file when there is none.')),
  line: optionalOf(wholeNumber({ minimum: 1, description: 'Line of a text file, from 1.' })),
  evidence: optionalOf(text('The evidence, short and printable.')),
  owasp: texts(undefined, { pattern: '^ML(0[1-9]|10):2023$' }),
  atlas: texts(undefined, { pattern: '^AML\\.T[0-9]{4}(\\.[0-9]{3})?$' }),
  cwe: texts(undefined, { pattern: '^CWE-[0-9]+$' }),
  fingerprint: FingerprintSchema,
});
