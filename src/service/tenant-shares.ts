import { AssayError } from '../core/index.ts';
import type { TenantShares } from '../registry/index.ts';

const MAX_WEIGHT = 1_000;
const MAX_RUNNING = 100_000;
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * @param weights `acme=4 zeta=2`
 * @param running `8 acme=16`: a number without a name is that of all other tenants
 * @throws AssayError `usage` naming the variable
 */
export function tenantShares(weights: string | undefined, running: string | undefined): TenantShares {
  const weighted = numbersOf(weights, 'ASSAY_TENANT_WEIGHTS', MAX_WEIGHT);
  const ceilings = numbersOf(running, 'ASSAY_TENANT_MAX_RUNNING', MAX_RUNNING);
  if (weighted.others !== null) throw wrong('ASSAY_TENANT_WEIGHTS', String(weighted.others), MAX_WEIGHT);
  return { weights: weighted.named, maxRunning: ceilings.named, maxRunningOfOthers: ceilings.others };
}

function numbersOf(text: string | undefined, subject: string, most: number) {
  const named = new Map<string, number>();
  let others: number | null = null;
  for (const entry of (text ?? '').split(/[\s,]+/).filter((one) => one !== '')) {
    const [, name, digits = ''] = /^(?:([^=]*)=)?(\d{1,6})$/.exec(entry) ?? [];
    const number = Number(digits);
    const isNew = name === undefined ? others === null : TENANT.test(name) && !named.has(name);
    if (digits === '' || number < 1 || number > most || !isNew) throw wrong(subject, entry, most);
    if (name === undefined) others = number;
    else named.set(name, number);
  }
  return { named, others };
}

function wrong(subject: string, entry: string, most: number): AssayError {
  const example = subject === 'ASSAY_TENANT_WEIGHTS' ? 'acme=4 zeta=2' : '8 acme=16';
  return new AssayError('usage', `has ${JSON.stringify(entry)}, which is not a tenant with its number, once`, {
    subject,
    hint: `write ${example}, with whole numbers from 1 to ${most}`,
  });
}
