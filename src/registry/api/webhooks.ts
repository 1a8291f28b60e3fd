import { array, countOf, nullable, object, oneOf, type Static, text, wholeNumber } from '../../core/schema/index.ts';
import { maybeMoment, maybeText, moment } from './kit.ts';
import { DELIVERY_STATES } from './names.ts';

/** Actions of the audit log that a webhook receives. */
export const WebhookEventsSchema = array(
  text('`transition.approved`, `transition.*` or `*`', { minLength: 1, maxLength: 210 }),
  { minItems: 1, maxItems: 20, description: 'Actions of the audit log' },
);

export const WebhookSchema = object(
  {
    id: text('Id of the webhook'),
    tenant: text('The tenant'),
    url: text('The address that receives events'),
    events: WebhookEventsSchema,
    createdAt: moment('When it was made'),
    createdBy: text('Who made it'),
  },
  'An address that receives changes',
);
/** An address that receives changes. */
export type Webhook = Static<typeof WebhookSchema>;

export const DeliverySchema = object(
  {
    id: text('Id of the delivery: the same for each try; `Assay-Delivery`'),
    webhook: text('Id of the webhook'),
    seq: countOf('Of the entry of the audit log'),
    event: text('What happened'),
    state: oneOf(DELIVERY_STATES, 'How it stands; `dead` was given up'),
    attempts: countOf('Tries'),
    createdAt: moment('When it was made'),
    nextAt: maybeMoment('When it is tried next'),
    endedAt: maybeMoment('When it ended'),
    lastStatus: nullable(wholeNumber({ description: 'What the receiver answered last' })),
    lastError: maybeText('Why the last try failed'),
  },
  'One change on its way to one webhook',
);
/** One entry of the audit log on its way to one webhook: at least once, under the same id each time. */
export type Delivery = Static<typeof DeliverySchema>;
