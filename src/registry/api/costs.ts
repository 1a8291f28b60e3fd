import {
  array,
  countOf,
  flagOf,
  maybe,
  nullable,
  object,
  oneOf,
  realOf,
  type Static,
  text,
} from '../../core/schema/index.ts';
import { maybeText, moment } from './kit.ts';
import { JOB_KINDS } from './names.ts';

/** Sums leave out what is not known: `unmeasured` says of how many attempts. */
const FIGURES = {
  attempts: countOf('Attempts, those included that failed, were cancelled or lost their worker'),
  unmeasured: countOf('Attempts of which some figure is not known, such as of a process that was killed'),
  reused: countOf('Attempts that took the result of an earlier scan of the same bytes'),
  wallSeconds: realOf('Time in scanning processes, without the time in the queue'),
  cpuSeconds: nullable(realOf('CPU time of these processes and their children; null when none is known')),
  peakBytes: nullable(countOf('Their memory at its highest, of any attempt; null when it is not known')),
  fetchedBytes: nullable(countOf('Bytes received over the network; null when it is not known')),
  storedBytes: nullable(countOf('Bytes left in the database and the data folder; null when it is not known')),
  gpuSeconds: nullable(realOf('Time that a GPU was held; null when none was used')),
} as const;

export const CostsSchema = object(FIGURES, 'What the attempts of a job cost together');
export type Costs = Static<typeof CostsSchema>;

export const USAGE_KEYS = ['tenant', 'model', 'kind'] as const;
export type UsageKey = (typeof USAGE_KEYS)[number];

const MoneySchema = object({
  amount: text('By the prices of the operator, as a decimal number', { pattern: '^[0-9]+\\.[0-9]{2,6}$' }),
  currency: text('ISO 4217', { pattern: '^[A-Z]{3}$' }),
});

export const UsageRowSchema = object({
  tenant: maybeText('The tenant; null when rows are by kind'),
  model: maybeText('The model; null when rows are not by model'),
  kind: maybe(oneOf(JOB_KINDS, 'The kind of job; null when rows are not by kind')),
  jobs: countOf('Jobs'),
  ...FIGURES,
  price: nullable(MoneySchema),
});
export type UsageRow = Static<typeof UsageRowSchema>;

export const UsageSchema = object(
  {
    from: moment('From when on'),
    to: moment('Until when, which is not included'),
    by: oneOf(USAGE_KEYS, 'What there is a row for'),
    complete: flagOf({ description: 'False when there are more rows: ask for a shorter time' }),
    rows: array(UsageRowSchema, { description: 'The longest time first' }),
  },
  'What jobs cost',
);
export type Usage = Static<typeof UsageSchema>;
