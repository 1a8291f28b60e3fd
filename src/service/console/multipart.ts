import { ServiceError } from '../errors.ts';

export interface SentFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A form with files, as browsers send it. `_csrf` stands beside the others, where it is looked for. */
export interface MultipartForm {
  _csrf?: string;
  /** The last of each name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly SentFile[];
}

/** Parts of one form. */
const MAX_PARTS = 2_000;

/**
 * Reads a form with files (RFC 7578), with the parser that Node has for it.
 * @param body bounded by whoever calls
 * @throws ServiceError `malformed-body`
 */
export async function readMultipart(body: Buffer, contentType: string): Promise<MultipartForm> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new ServiceError(400, 'malformed-body', 'the form cannot be read', { cause });
    });
  const fields = new Map<string, string>();
  const files: SentFile[] = [];
  let parts = 0;
  for (const [name, value] of form) {
    parts += 1;
    if (parts > MAX_PARTS) throw new ServiceError(413, 'body-too-large', `a form has at most ${MAX_PARTS} parts`);
    if (typeof value === 'string') fields.set(name, value);
    // A field of files in which none was chosen is sent as a file without name and bytes.
    else if (value.name !== '' || value.size > 0)
      files.push({ name: value.name, bytes: Buffer.from(await value.arrayBuffer()) });
  }
  const csrf = fields.get('_csrf');
  return { ...(csrf === undefined ? {} : { _csrf: csrf }), fields, files };
}
