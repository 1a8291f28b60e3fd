import type { IncomingMessage } from 'node:http';
import { array, nothing, object, objectOf, text, wholeNumber } from '../../core/schema/index.ts';
import { NewFileSchema, type UploadFile, UploadSchema } from '../../registry/api/index.ts';
import { nameOf } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { READERS, SUBMITTERS } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';
import { checkOwner, UPLOAD_READERS } from '../uploads/index.ts';

/** A name is at most 1,024 bytes, and its place in JSON half as much again. */
const BYTES_PER_FILE = 1536;

const UploadParams = object({ id: text('Id of the upload', { minLength: 1, maxLength: 64 }) });
const FileParams = object({
  ...UploadParams.properties,
  index: wholeNumber({ minimum: 0, maximum: 1_000_000, description: 'Number of the file, from 0' }),
});
const OffsetHeaders = objectOf({
  'upload-offset': wholeNumber({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes received so far' }),
});

/** The bodies of pieces: the media type of the tus protocol, or plain bytes. */
const PIECES = ['application/offset+octet-stream', 'application/octet-stream'];

export const uploadRoutes: Routes = (app, { uploads, config, registry }) => {
  app.addContentTypeParser(PIECES, (_request, payload, done) => done(null, payload));

  app.post(
    '/v1/uploads',
    {
      config: { access: SUBMITTERS },
      bodyLimit: Math.max(
        config.limits.maxBodyBytes,
        Math.min(64 * 1024 * 1024, config.limits.maxUploadFiles * BYTES_PER_FILE),
      ),
      schema: {
        tags: ['uploads'],
        summary: 'Begin an upload: names and sizes of all files first',
        body: object({
          files: array(NewFileSchema, {
            minItems: 1,
            maxItems: config.limits.maxUploadFiles,
            description: 'The files',
          }),
        }),
        response: { 201: UploadSchema },
      },
    },
    async ({ principal, body }, reply) => {
      const files = body.files.map(({ path, size, sha256 }) => ({ path, size, sha256: sha256 ?? null }));
      const upload = await uploads.create(principal.tenant, principal.subject, files, nameOf(principal));
      await registry.note(principal, 'upload.created', upload.id, { files: files.length });
      return reply.code(201).header('location', `/v1/uploads/${upload.id}`).send(upload);
    },
  );

  app.get(
    '/v1/uploads/:id',
    {
      config: { access: READERS },
      schema: { tags: ['uploads'], summary: 'An upload', params: UploadParams, response: { 200: UploadSchema } },
    },
    async ({ principal, params }) => {
      await checkOwner(uploads, principal, params.id, UPLOAD_READERS);
      return uploads.get(principal.tenant, params.id);
    },
  );

  app.head(
    '/v1/uploads/:id/files/:index',
    {
      config: { access: READERS },
      schema: {
        tags: ['uploads'],
        summary: 'Received bytes of a file: Upload-Offset and Upload-Length',
        params: FileParams,
        response: { 204: nothing('See the headers') },
      },
    },
    async ({ principal, params }, reply) => {
      await checkOwner(uploads, principal, params.id, UPLOAD_READERS);
      const file = await uploads.file(principal.tenant, params.id, params.index);
      return reply
        .code(204)
        .header('upload-offset', String(file.received))
        .header('upload-length', String(file.size))
        .send(undefined);
    },
  );

  app.patch(
    '/v1/uploads/:id/files/:index',
    {
      config: { access: SUBMITTERS, longBody: true },
      schema: {
        tags: ['uploads'],
        summary: 'Send a piece of a file, which begins exactly at Upload-Offset',
        description:
          'What came of a piece that broke off counts: ask with HEAD how much that is, and go on from there. A piece may be as long as the rest of the file; files of an upload may be sent side by side.',
        consumes: PIECES,
        params: FileParams,
        headers: OffsetHeaders,
        response: { 204: nothing('Taken; Upload-Offset says how much there is now') },
      },
    },
    async (request, reply) => {
      const { principal, params, headers, raw } = request;
      const offset = headers['upload-offset'];
      await checkOwner(uploads, principal, params.id);
      const file = await uploads.file(principal.tenant, params.id, params.index);
      refuseTooLong(raw, offset, file);
      if (!isStream(request.body))
        throw new ServiceError(415, 'wrong-content-type', `send one of ${PIECES.join(', ')}`);
      const now = await uploads.append(principal.tenant, params.id, file.path, offset, request.body);
      return reply.code(204).header('upload-offset', String(now.received)).send(undefined);
    },
  );

  app.post(
    '/v1/uploads/:id/complete',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['uploads'],
        summary: 'Complete an upload: sizes and digests are checked',
        description:
          'Hundreds of gigabytes take minutes to check. A client that is cut off meanwhile asks again: the answer is `upload-busy` (409) until that is done, and then the same answer.',
        params: UploadParams,
        response: { 200: UploadSchema },
      },
    },
    async ({ principal, params }) => {
      await checkOwner(uploads, principal, params.id);
      const { state } = await uploads.get(principal.tenant, params.id);
      const upload = await uploads.complete(principal.tenant, params.id);
      if (state !== 'complete') await registry.note(principal, 'upload.completed', upload.id);
      return upload;
    },
  );

  app.delete(
    '/v1/uploads/:id',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['uploads'],
        summary: 'Remove an upload and its bytes',
        params: UploadParams,
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params }, reply) => {
      await checkOwner(uploads, principal, params.id);
      await uploads.remove(principal.tenant, params.id);
      await registry.note(principal, 'upload.removed', params.id);
      return reply.code(204).send(undefined);
    },
  );
};

/** A body that is announced as too long is refused before a byte is read. */
function refuseTooLong({ headers }: IncomingMessage, offset: number, { size }: UploadFile): void {
  const length = Number(headers['content-length'] ?? 0);
  if (offset + length > size)
    throw new ServiceError(413, 'upload-too-long', `more bytes than the ${size} that were announced`);
}

function isStream(body: unknown): body is IncomingMessage {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
