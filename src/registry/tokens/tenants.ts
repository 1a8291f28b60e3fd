import { unowned } from '../store/change.ts';
import type { Context } from '../store/context.ts';

/** Every tenant that something was ever done for. */
export async function tenants({ database }: Context): Promise<string[]> {
  const rows = await unowned(() => database.read.selectFrom('tenants').select('name').orderBy('name').execute());
  return rows.map(({ name }) => name);
}
