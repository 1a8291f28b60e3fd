import { ServiceError } from '../problems/index.ts';

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

/** Parts of one form (CWE-770): what lies between is read only after they were counted. */
const MAX_PARTS = 2_000;
/** The boundary as browsers write it, in one form only, so that the count matches the parser. */
const CONTENT_TYPE = /^multipart\/form-data; *boundary=("?)([A-Za-z0-9'()+_,./:=?-]{1,70})\1$/i;

/**
 * Reads a form with files (RFC 7578), with the parser that Node has for it.
 * @param body bounded by the caller
 * @throws ServiceError `malformed-body`, `body-too-large`
 */
export async function readMultipart(body: Buffer, contentType: string): Promise<MultipartForm> {
  const boundary = CONTENT_TYPE.exec(contentType)?.[2];
  if (boundary === undefined)
    throw new ServiceError(400, 'malformed-body', 'the content type of the form has no boundary');
  countParts(body, boundary);
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new ServiceError(400, 'malformed-body', 'the form cannot be read', { cause });
    });
  const fields = new Map<string, string>();
  const files: SentFile[] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.set(name, value);
    // A field of files in which none was chosen is sent as a file without name and bytes.
    else if (value.name !== '' || value.size > 0)
      files.push({ name: value.name, bytes: Buffer.from(await value.arrayBuffer()) });
  }
  const csrf = fields.get('_csrf');
  return { ...(csrf === undefined ? {} : { _csrf: csrf }), fields, files };
}

/** @throws ServiceError `body-too-large` */
function countParts(body: Buffer, boundary: string): void {
  const mark = `--${boundary}`;
  let parts = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) {
    // The last mark ends the form.
    if (++parts > MAX_PARTS + 1)
      throw new ServiceError(413, 'body-too-large', `the form has more than ${MAX_PARTS} parts`);
  }
}
