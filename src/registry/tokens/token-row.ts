import type { Selectable } from 'kysely';
import type { Reader, Tables } from '../store/index.ts';

export type TokenRow = Selectable<Tables['tokens']>;

/** Also one that was revoked or has expired: a name is used once. */
export async function tokenNamed(db: Reader, tenant: string, name: string): Promise<TokenRow | undefined> {
  return db.selectFrom('tokens').selectAll().where('tenant', '=', tenant).where('name', '=', name).executeTakeFirst();
}
