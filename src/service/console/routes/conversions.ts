import type { FastifyRequest } from 'fastify';
import { TARGETS } from '../../../core/conversion/index.ts';
import { object, oneOf, optionalOf, text } from '../../../core/schema/index.ts';
import { MODEL_NAME } from '../../../registry/api/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, READERS, SUBMITTERS } from '../../http/index.ts';
import {
  checkConversion,
  findConversion,
  removeConversion,
  submitConversion,
  TOLERANT_ROLES,
} from '../../jobs/index.ts';
import { ServiceError } from '../../problems/index.ts';
import type { Draft } from '../draft.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { conversionPath, HOME, jobPath, said } from '../links.ts';
import { conversionPage, convertPage } from '../pages/index.ts';
import { showAgain } from '../show-again.ts';
import { EMPTY_FORM, HIDDEN, idIn, SAID_QUERY, typed, typedOrNone } from './form-kit.ts';

const FORM = `${HOME}/versions/:id/convert`;
const PATH = `${HOME}/conversions/:id`;
const TICKED = optionalOf(oneOf(['yes'], 'Ticked'));

const ConvertForm = object({
  to: oneOf(TARGETS, 'The format'),
  model: text('The model of the result', { minLength: 1, maxLength: MODEL_NAME.maxLength }),
  shape: optionalOf(text('Sizes with commas between them', { maxLength: 200 })),
  verify: TICKED,
  rows: optionalOf(text('The id of an upload', { maxLength: 64 })),
  acceptSuspicious: TICKED,
  salvage: TICKED,
});

export const conversionPages: Routes = (app, context) => {
  const { registry } = context;

  const asked = async (request: FastifyRequest, draft?: Draft) => {
    const { principal } = request;
    const version = await registry.version(principal, { id: idIn(request) });
    const tolerant = principal.roles.some((role) => TOLERANT_ROLES.includes(role));
    return convertPage(viewerOf(request), version, tolerant, draft);
  };
  app.get(FORM, { config: { access: SUBMITTERS }, schema: { ...HIDDEN, params: ID_PARAMS } }, async (request, reply) =>
    sendPage(reply, await asked(request)),
  );

  app.post(
    FORM,
    {
      config: { access: SUBMITTERS },
      schema: { ...HIDDEN, params: ID_PARAMS, body: ConvertForm },
      errorHandler: showAgain(asked),
    },
    async ({ principal, params, body }, reply) => {
      const rows = typedOrNone(body.rows);
      const inputShape = shapeOf(typedOrNone(body.shape));
      const request = {
        version: params.id,
        to: body.to,
        model: typed(body.model),
        verify: body.verify === 'yes',
        acceptSuspicious: body.acceptSuspicious === 'yes',
        salvage: body.salvage === 'yes',
        ...(rows === undefined ? {} : { rows }),
        ...(inputShape === undefined ? {} : { inputShape }),
      };
      const checked = await checkConversion(context, principal, request).catch(correctable);
      const { job, created } = await submitConversion(context, principal, checked);
      return reply.redirect(created ? jobPath(job.id) : said(jobPath(job.id), 'job-known'), 303);
    },
  );

  app.get(
    PATH,
    { config: { access: READERS }, schema: { ...HIDDEN, params: ID_PARAMS, querystring: object(SAID_QUERY) } },
    async (request, reply) => {
      const { job, kept } = await findConversion(context, request.principal, request.params.id);
      return sendPage(reply, conversionPage(viewerOf(request), { job, kept, said: request.query.said }));
    },
  );

  app.post(
    `${PATH}/remove`,
    { config: { access: SUBMITTERS }, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      await findConversion(context, principal, params.id);
      await removeConversion(context, principal, params.id);
      return reply.redirect(said(conversionPath(params.id), 'files-removed'), 303);
    },
  );
};

/** An upload that does not exist is a field that can be corrected, not a page that does not exist. */
function correctable(error: unknown): never {
  if (error instanceof ServiceError && error.code === 'upload-not-found')
    throw new ServiceError(422, error.code, error.message);
  throw error;
}

/** @throws ServiceError `invalid-request` */
function shapeOf(given: string | undefined): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const sizes = given.split(',').map((size) => (/^[1-9]\d{0,8}$/.test(size.trim()) ? Number(size) : 0));
  if (sizes.length <= MAX_RANK && !sizes.includes(0)) return sizes;
  throw new ServiceError(400, 'invalid-request', `write a shape as at most ${MAX_RANK} sizes with commas: 3,224,224`);
}

const MAX_RANK = 6;
