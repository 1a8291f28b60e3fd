import { AssayError } from '../../core/index.ts';
import { list, nothing, object, oneOf, optionalOf, text } from '../../core/schema/index.ts';
import { checkAddress } from '../../egress/index.ts';
import { DeliverySchema, ID, pageSchema, WebhookEventsSchema, WebhookSchema } from '../../registry/api/index.ts';
import { DELIVERY_STATES } from '../../registry/index.ts';
import type { Routes, ServiceContext } from '../context.ts';
import { ADMINS, ID_PARAMS, PAGE_QUERY, pageRequestOf } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';

export const webhookRoutes: Routes = (app, { registry, config }) => {
  const { webhooks } = registry;

  app.get(
    '/v1/webhooks',
    {
      config: { access: ADMINS },
      schema: {
        tags: ['webhooks'],
        summary: 'Webhooks that receive changes',
        response: { 200: object({ items: list(WebhookSchema, 'Webhooks') }) },
      },
    },
    async ({ principal }) => ({ items: await webhooks.list(principal) }),
  );

  app.post(
    '/v1/webhooks',
    {
      config: { access: ADMINS },
      schema: {
        tags: ['webhooks'],
        summary: 'Send changes to an address from now on',
        description:
          'Each delivery is a POST with `Assay-Signature: t=<time>,v1=<HMAC-SHA-256 of "<time>.<body>" in hex>` and `Assay-Delivery`. Anything but 2xx is tried again, ever more slowly; 410 ends it.',
        body: object({ url: text('https://...', { minLength: 1, maxLength: 2000 }), events: WebhookEventsSchema }),
        response: {
          201: object({
            ...WebhookSchema.properties,
            secret: text('The key of the signatures; it is shown only once'),
          }),
        },
      },
    },
    async ({ principal, body }, reply) => {
      checkReceiver(body.url, config);
      const { webhook, secret } = await webhooks.create(principal, body);
      return reply
        .code(201)
        .header('location', `/v1/webhooks/${webhook.id}`)
        .send({ ...webhook, secret });
    },
  );

  app.get(
    '/v1/webhooks/:id',
    {
      config: { access: ADMINS },
      schema: { tags: ['webhooks'], summary: 'A webhook', params: ID_PARAMS, response: { 200: WebhookSchema } },
    },
    ({ principal, params }) => webhooks.get(principal, params.id),
  );

  app.delete(
    '/v1/webhooks/:id',
    {
      config: { access: ADMINS },
      schema: {
        tags: ['webhooks'],
        summary: 'Delete a webhook',
        params: ID_PARAMS,
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params }, reply) => {
      await webhooks.remove(principal, params.id);
      return reply.code(204).send(undefined);
    },
  );

  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config: { access: ADMINS },
      schema: {
        tags: ['webhooks'],
        summary: 'Deliveries of a webhook, including those that were given up',
        params: ID_PARAMS,
        querystring: object({ ...PAGE_QUERY, state: optionalOf(oneOf(DELIVERY_STATES, 'Only in this state')) }),
        response: { 200: pageSchema(DeliverySchema, 'Deliveries, the newest first') },
      },
    },
    ({ principal, params, query }) => {
      const { state } = query;
      return webhooks.deliveries(principal, params.id, {
        ...pageRequestOf(query),
        ...(state === undefined ? {} : { state }),
      });
    },
  );

  app.post(
    '/v1/webhooks/:id/deliveries/:delivery/redeliver',
    {
      config: { access: ADMINS },
      schema: {
        tags: ['webhooks'],
        summary: 'Deliver again what was delivered or given up, under the same id',
        params: object({ ...ID_PARAMS.properties, delivery: text('Id of the delivery', ID) }),
        response: { 202: DeliverySchema },
      },
    },
    async ({ principal, params }, reply) =>
      reply.code(202).send(await webhooks.redeliver(principal, params.id, params.delivery)),
  );
};

/** Checks of an address without a connection: the sender checks the resolved address again. */
function checkReceiver(
  address: string,
  { allowPrivateAddresses: allowPrivate, allowed }: ServiceContext['config'],
): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const schemes = allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (url === undefined || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '')
    throw new ServiceError(422, 'address-refused', 'give an https:// address without a user name');
  try {
    checkAddress(url, { denyPrivate: !allowPrivate, allow: allowed.webhooks });
  } catch (cause) {
    if (cause instanceof AssayError) throw new ServiceError(422, 'address-refused', cause.message, { cause });
    throw cause;
  }
}
