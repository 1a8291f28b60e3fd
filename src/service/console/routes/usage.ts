import { object, oneOf, optionalOf } from '../../../core/schema/index.ts';
import { USAGE_KEYS } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { READERS } from '../../http/index.ts';
import { readPrices, seesEveryTenant, usageOf } from '../../usage/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { USAGE_PATH } from '../links.ts';
import { usagePage } from '../pages/index.ts';
import { DAY, HIDDEN, typedOrNone } from './form-kit.ts';

const UsageQuery = object({ from: DAY, to: DAY, by: optionalOf(oneOf(USAGE_KEYS, 'What there is a row for')) });

/** Requests a minute: each reads what all jobs of a time cost. */
const LIMIT = { max: 60, timeWindow: 60_000 };

export const usagePages: Routes = async (app, { registry, config }) => {
  const prices = config.prices === null ? null : await readPrices(config.prices);

  app.get(
    USAGE_PATH,
    { config: { access: READERS, rateLimit: LIMIT }, schema: { ...HIDDEN, querystring: UsageQuery } },
    async (request, reply) => {
      const { principal, query } = request;
      const from = typedOrNone(query.from);
      const to = typedOrNone(query.to);
      const question = {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(query.by === undefined ? {} : { by: query.by }),
      };
      const usage = await usageOf(registry, principal, question, prices);
      const view = { usage, question, prices, isEveryTenant: seesEveryTenant(principal) };
      return sendPage(reply, usagePage(viewerOf(request), view));
    },
  );
};
