import { type Context, unowned } from '../store/index.ts';

/** Nobody may use a session any more. @param until when it would have ended by itself */
export async function endSession({ database, now }: Context, id: string, until: Date): Promise<void> {
  await unowned(async () => {
    const { write } = database;
    await write.deleteFrom('ended_sessions').where('until_ms', '<', now().getTime()).execute();
    await write
      .insertInto('ended_sessions')
      .values({ id, until_ms: until.getTime() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

export async function isSessionEnded({ database }: Context, id: string): Promise<boolean> {
  const row = await unowned(() =>
    database.read.selectFrom('ended_sessions').select('id').where('id', '=', id).executeTakeFirst(),
  );
  return row !== undefined;
}
