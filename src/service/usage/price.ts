import type { Costs, UsageRow } from '../../registry/index.ts';
import { MICROS, type Prices } from './prices.ts';

const HOUR_MS = 3_600_000n;
const GIB = 2n ** 30n;

/** What costs are worth. What is not known counts as nothing: the amount is then the least that it can be. */
export function priceOf(costs: Costs, prices: Prices): NonNullable<UsageRow['price']> {
  const { currency, cpuHour, wallHour, gpuHour, fetchedGib, storedGib } = prices;
  // Over one denominator, so that nothing is rounded before the end.
  const time =
    cpuHour * milliseconds(costs.cpuSeconds) +
    wallHour * milliseconds(costs.wallSeconds) +
    gpuHour * milliseconds(costs.gpuSeconds);
  const space = fetchedGib * BigInt(costs.fetchedBytes ?? 0) + storedGib * BigInt(costs.storedBytes ?? 0);
  const micros = (time * GIB + space * HOUR_MS + (HOUR_MS * GIB) / 2n) / (HOUR_MS * GIB);
  return { amount: decimal(micros), currency };
}

function milliseconds(seconds: number | null): bigint {
  return BigInt(Math.round((seconds ?? 0) * 1000));
}

/** With two digits after the point at least: `0.10`, `12.000003`. */
function decimal(micros: bigint): string {
  const digits = (micros % MICROS)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${micros / MICROS}.${digits}`;
}
