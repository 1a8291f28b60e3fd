import { type Context, unowned } from '../store/index.ts';

/** Every tenant that something was ever done for. */
export async function tenants({ database }: Context): Promise<string[]> {
  const rows = await unowned(() => database.read.selectFrom('tenants').select('name').orderBy('name').execute());
  return rows.map(({ name }) => name);
}
