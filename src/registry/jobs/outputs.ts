import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { type Context, change, read, unowned } from '../store/index.ts';
import { rowOfJob } from './jobs.ts';

export async function jobOutput(context: Context, by: Principal, id: string): Promise<string | null> {
  return read(context, by, async (db) => (await rowOfJob(db, by.tenant, id)).output);
}

/** @throws RegistryError `not-found`; `ended` for a job that has none, or none any more */
export async function removeOutput(context: Context, by: Principal, id: string): Promise<string> {
  return change(context, by, async (change) => {
    const { db, tenant } = change;
    const { output, model, test, data } = await rowOfJob(db, tenant, id);
    if (output === null) throw new RegistryError('ended', 'the job has no files, or they were removed');
    await db.updateTable('jobs').set({ output: null }).where('id', '=', id).where('tenant', '=', tenant).execute();
    const action = data !== '' ? 'data.removed' : test !== '' ? 'test.removed' : 'conversion.removed';
    change.record(action, model, { job: id });
    return output;
  });
}

export async function outputsAmong(context: Context, folders: readonly string[]): Promise<ReadonlySet<string>> {
  if (folders.length === 0) return new Set();
  const rows = await unowned(() =>
    context.database.read.selectFrom('jobs').select('output').where('output', 'in', folders).execute(),
  );
  return new Set(rows.flatMap(({ output }) => output ?? []));
}
