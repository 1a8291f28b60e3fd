import { VERDICTS } from '../assessment/index.ts';
import { RulesetSchema } from '../assessment/schema/index.ts';
import { countOf, DIGEST, flagOf, list, nullable, object, oneOf, type Static, text } from '../schema/index.ts';
import { TARGETS } from './targets/index.ts';
import { VerificationSchema } from './verification/index.ts';

const SHA256 = { pattern: '^[0-9a-f]{64}$' };

const LeftOutSchema = object({
  path: text('Where it stands in the source, its keys joined by dots: `optimizer.lr`.'),
  what: text('What it is: `a number`, `a call of os.system`.'),
});

export const ConvertedFileSchema = object({
  path: text('The path relative to the output folder.'),
  size: countOf('The size in bytes.'),
  sha256: text('64 hex digits.', SHA256),
  verdict: oneOf(VERDICTS, 'The verdict of a scan of the written file.'),
  from: list(
    object({
      path: text('The path in the source.'),
      sha256: nullable(text('64 hex digits; null when it is not known.', SHA256)),
      verdict: oneOf(VERDICTS),
    }),
    'The files of the source whose tensors it holds.',
  ),
  format: text('What the source is, for people.'),
  tensors: countOf('The number of tensors.'),
  leftOut: list(LeftOutSchema, 'What the file holds besides tensors, which is not written.'),
  verification: nullable(VerificationSchema),
});

/** The report that `convert` writes. */
export const ConversionSchema = object({
  schemaVersion: oneOf(['1']),
  tool: object({ name: oneOf(['assay']), version: text() }, 'The converter.'),
  ruleset: RulesetSchema,
  target: oneOf(TARGETS),
  source: object(
    {
      ref: text('The reference as it was given.'),
      pinned: text('The reference with its commit, version or digest.'),
      digest: nullable(text('The tree digest; null when not every byte was hashed.', DIGEST)),
      verdict: oneOf(VERDICTS, 'The worst verdict of the files that were converted: the result carries it.'),
    },
    'The artifact that was converted.',
  ),
  sandbox: nullable(
    object(
      { libraries: list(object({ name: text(), version: text() }), 'Python and the libraries that converted it.') },
      'Where code of the model ran: a sandbox. Null when nothing of it ran.',
    ),
  ),
  published: flagOf({ description: 'False when a verification failed: the files were removed then.' }),
  salvaged: flagOf({ description: 'Whether tensors were taken out of files that may act when they are loaded.' }),
  files: list(ConvertedFileSchema),
  indexes: list(
    object({ path: text('The path relative to the output folder.'), sha256: text('64 hex digits.', SHA256) }),
    'Texts beside the files: which tensor stands in which file, or how a text becomes what a model takes.',
  ),
  attestation: nullable(
    object(
      { path: text('The path relative to the output folder.'), sha256: text('64 hex digits.', SHA256) },
      'A signed statement of what was converted, from what, and how it was verified.',
    ),
  ),
  skipped: list(object({ path: text(), why: text() }), 'Files of the source that were not converted.'),
});

export type Conversion = Static<typeof ConversionSchema>;
export type ConvertedFile = Conversion['files'][number];
