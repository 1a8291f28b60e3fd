import type { Static } from '../../core/schema/index.ts';
import { countOf, list, object, oneOf, text } from '../../core/schema/index.ts';
import { AN_ID, maybeText, moment } from './kit.ts';

const UploadFileSchema = object({
  path: text('Path within the artifact'),
  size: countOf('Bytes that were announced'),
  received: countOf('Bytes that came'),
  sha256: maybeText('Hex; the bytes must have this digest'),
});
export type UploadFile = Static<typeof UploadFileSchema>;

export const UploadSchema = object(
  {
    id: text('Id of the upload', {}, AN_ID),
    tenant: text('The tenant'),
    createdBy: text('Who began it'),
    createdAt: moment('When it was begun'),
    state: oneOf(['open', 'complete'], 'Whether every byte came'),
    files: list(UploadFileSchema, 'The files, in the order in which they were announced'),
  },
  'Bytes that are being sent',
);
/** Bytes that are being sent. */
export type Upload = Static<typeof UploadSchema>;
