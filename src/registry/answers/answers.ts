import { createHash } from 'node:crypto';
import type { AnswerStore, KeptAnswer, OnceRequest, OnceState } from '../answer-records.ts';
import { RegistryError } from '../registry-error.ts';
import { sealerOf } from '../sealed/index.ts';
import { type Context, newId, type Reader, unowned } from '../store/index.ts';

const DAY_MS = 86_400_000;
/** How long a request may take whose instance may have died: afterwards the same request is tried again. */
const RUNNING_MS = 15 * 60_000;

export function answerStore(context: Context): AnswerStore {
  return {
    claim: (request) => claim(context, request),
    keep: (request, claim, answer) => keep(context, request, claim, answer),
    release: (request, claim) => release(context, request, claim),
  };
}

async function claim({ database, now }: Context, request: OnceRequest): Promise<OnceState> {
  return unowned(async () => {
    const db = database.write;
    const now_ms = now().getTime();
    const content = digest(request.content);
    await db.deleteFrom('kept_answers').where('until_ms', '<=', now_ms).execute();
    const id = newId();
    const { numInsertedOrUpdatedRows: inserted } = await db
      .insertInto('kept_answers')
      .values({
        ...rowOf(request),
        request: content,
        claim: id,
        until_ms: now_ms + RUNNING_MS,
        status: null,
        headers: null,
        body: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted === 1n) return { kind: 'claimed', claim: id };
    const known = await find(db, request);
    // It was released at this moment: the client asks again.
    if (known === undefined) return { kind: 'running' };
    if (known.request !== content) return { kind: 'other' };
    const { status, headers, body } = known;
    if (status === null) return { kind: 'running' };
    const open = (kept: string | null) => sealerOf(secretOf(request)).open(kept ?? '', content);
    return {
      kind: 'answered',
      answer: { status, headers: JSON.parse(open(headers)) as KeptAnswer['headers'], body: open(body) },
    };
  });
}

async function keep(
  { database, now }: Context,
  request: OnceRequest,
  claim: string,
  { status, headers, body }: KeptAnswer,
): Promise<void> {
  const content = digest(request.content);
  const sealer = sealerOf(secretOf(request));
  const kept = { status, headers: sealer.seal(JSON.stringify(headers), content), body: sealer.seal(body, content) };
  await unowned(async () => {
    const { numUpdatedRows } = await database.write
      .updateTable('kept_answers')
      .set({ ...kept, until_ms: now().getTime() + DAY_MS })
      .where('claim', '=', claim)
      .where('holder', '=', rowOf(request).holder)
      .where('key', '=', rowOf(request).key)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n)
      throw new RegistryError('changed', 'the request took so long that it may have been tried again');
  });
}

async function release({ database }: Context, request: OnceRequest, claim: string): Promise<void> {
  const { holder, key } = rowOf(request);
  await unowned(() =>
    database.write
      .deleteFrom('kept_answers')
      .where('holder', '=', holder)
      .where('key', '=', key)
      .where('claim', '=', claim)
      .where('status', 'is', null)
      .execute(),
  );
}

function find(db: Reader, request: OnceRequest) {
  const { holder, key } = rowOf(request);
  return db
    .selectFrom('kept_answers')
    .select(['request', 'status', 'headers', 'body'])
    .where('holder', '=', holder)
    .where('key', '=', key)
    .executeTakeFirst();
}

/** Neither the holder nor the key can be read from the database. */
function rowOf(request: OnceRequest): { readonly holder: string; readonly key: string } {
  return { holder: digest(request.holder), key: digest(secretOf(request)) };
}

function secretOf({ holder, key }: OnceRequest): string {
  return JSON.stringify([holder, key]);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
