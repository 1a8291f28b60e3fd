import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { object, optionalOf, text } from '../../../core/schema/index.ts';
import type { JobRequest } from '../../../registry/api/index.ts';
import { MODEL_NAME, REFERENCE } from '../../../registry/api/index.ts';
import { nameOf, type Principal } from '../../../registry/index.ts';
import type { Routes, ServiceContext } from '../../context.ts';
import { SUBMITTERS } from '../../http/index.ts';
import { checkJobRequest, submit } from '../../jobs/index.ts';
import { ServiceError } from '../../problems/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, jobPath, said } from '../links.ts';
import { type MultipartForm, readMultipart, type SentFile } from '../multipart.ts';
import { submitPage } from '../pages/index.ts';
import { showAgain } from '../show-again.ts';
import { HIDDEN, typed, typedOrNone } from './form-kit.ts';

const PATH = `${HOME}/submit`;
/** Bytes that a browser sends at once: they wait in memory. */
const MAX_FORM = 16 * 1024 * 1024;

const RefForm = object({
  ref: text('Where the model is', REFERENCE),
  model: optionalOf(text('What it is called here', { maxLength: MODEL_NAME.maxLength })),
});

export const submitPages: Routes = async (app, context) => {
  const maxBytes = Math.min(MAX_FORM, context.config.limits.maxUploadBytes);

  const errorHandler = showAgain((request, draft) => submitPage(viewerOf(request), maxBytes, draft));
  app.get(PATH, { config: { access: SUBMITTERS }, schema: HIDDEN }, (request, reply) =>
    sendPage(reply, submitPage(viewerOf(request), maxBytes)),
  );
  app.post(
    PATH,
    { config: { access: SUBMITTERS }, schema: { ...HIDDEN, body: RefForm }, errorHandler },
    async ({ principal, body }, reply) => {
      const model = typedOrNone(body.model);
      const job = await ask(context, principal, { ref: typed(body.ref), ...(model === undefined ? {} : { model }) });
      return reply.redirect(job, 303);
    },
  );

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'multipart/form-data',
      { parseAs: 'buffer', bodyLimit: maxBytes },
      (request: FastifyRequest, body: Buffer) => readMultipart(body, request.headers['content-type'] ?? ''),
    );
    scope.post(
      `${PATH}/files`,
      { bodyLimit: maxBytes, config: { access: SUBMITTERS, longBody: true }, schema: HIDDEN, errorHandler },
      async ({ principal, body }, reply) => {
        const { files, upload_model: model } = sentForm(body);
        const upload = await keep(context, principal, files);
        return reply.redirect(await ask(context, principal, { upload, model }), 303);
      },
    );
  });
};

/** @returns the page of the job */
async function ask(context: ServiceContext, by: Principal, jobRequest: JobRequest): Promise<string> {
  const { job, created } = await submit(context, by, await checkJobRequest(context, by, jobRequest));
  return created ? jobPath(job.id) : said(jobPath(job.id), 'job-known');
}

function sentForm(body: unknown): { readonly files: readonly SentFile[]; readonly upload_model: string } {
  // Nothing but our own parser makes a body here.
  if (body === undefined || body === null) throw new ServiceError(400, 'malformed-body', 'the form is empty');
  const { files, fields } = body as MultipartForm;
  const model = typed(fields.get('upload_model') ?? '');
  if (files.length === 0) throw new ServiceError(400, 'invalid-request', 'choose the files of the model');
  if (model.length > MODEL_NAME.maxLength || !new RegExp(MODEL_NAME.pattern).test(model))
    throw new ServiceError(400, 'invalid-request', 'name the model: letters, digits, ., _, - and /');
  return { files, upload_model: model };
}

/** Stores files as an upload, all of them or none. @returns its id */
async function keep({ uploads, registry }: ServiceContext, by: Principal, files: readonly SentFile[]): Promise<string> {
  const announced = files.map(({ name, bytes }) => ({ path: name, size: bytes.length, sha256: null }));
  const { id } = await uploads.create(by.tenant, by.subject, announced, nameOf(by));
  try {
    for (const { name, bytes } of files) {
      if (bytes.length > 0) await uploads.append(by.tenant, id, name, 0, Readable.from([bytes]));
    }
    await uploads.complete(by.tenant, id);
    await registry.note(by, 'upload.completed', id, { files: files.length });
    return id;
  } catch (error) {
    await uploads.remove(by.tenant, id);
    throw error;
  }
}
