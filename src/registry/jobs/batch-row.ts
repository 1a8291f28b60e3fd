import type { Selectable } from 'kysely';
import { RegistryError } from '../registry-error.ts';
import type { Reader, Tables } from '../store/index.ts';

export type BatchRow = Selectable<Tables['batches']>;

/** @throws RegistryError `not-found` for one that the tenant has not */
export async function batchRow(db: Reader, tenant: string, id: string): Promise<BatchRow> {
  const row = await db
    .selectFrom('batches')
    .selectAll()
    .where('id', '=', id)
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  if (row === undefined) throw new RegistryError('not-found', 'the batch does not exist');
  return row;
}
