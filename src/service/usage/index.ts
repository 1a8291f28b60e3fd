export { priceOf } from './price.ts';
export { type Prices, readPrices } from './prices.ts';
export { usageRoutes } from './routes.ts';
export { seesEveryTenant, type UsageQuestion, usageOf } from './usage.ts';
