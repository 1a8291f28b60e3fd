import type { ApprovedImage, Page } from '../api/index.ts';
import { checkComment, nameOf } from '../names.ts';
import { limitOf, pageOf, seqAfter } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { imageOfRow } from '../rows/index.ts';
import { verifyImage } from '../statements/index.ts';
import { type Context, change, newId, read } from '../store/index.ts';

/** CWE-770: a snapshot lists as many at most. */
const MAX_APPROVALS = 100_000;

/** Approvals of images, also revoked ones, the oldest first. */
export async function imageApprovals(
  context: Context,
  by: Principal,
  page: PageRequest = {},
): Promise<Page<ApprovedImage>> {
  return read(context, by, async (db) => {
    const limit = limitOf(page);
    const rows = await db
      .selectFrom('images')
      .selectAll()
      .where('tenant', '=', by.tenant)
      .where('seq', '>', seqAfter(page) ?? 0)
      .orderBy('seq')
      .limit(limit + 1)
      .execute();
    return pageOf(rows, limit, imageOfRow, ({ seq }) => String(seq));
  });
}

/**
 * Keeps a signed approval of an image.
 * @returns the one that is there, when it was added already
 * @throws RegistryError `no-trust`, `bad-attestation`; `conflict` for one that was revoked; `too-large`
 */
export async function approveImage(context: Context, by: Principal, attestation: string): Promise<ApprovedImage> {
  const signed = await verifyImage(context, attestation, context.now());
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const own = db.selectFrom('images').where('tenant', '=', tenant);
    const known = await own.selectAll().where('statement', '=', signed.statement).executeTakeFirst();
    if (known !== undefined && known.revoked_at === null) return imageOfRow(known);
    if (known !== undefined)
      throw new RegistryError('conflict', 'this approval was revoked', { hint: 'sign a new one' });
    const { count } = await own.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    if (Number(count) >= MAX_APPROVALS) throw new RegistryError('too-large', `${count} images are approved already`);
    const { digest, statement, signer, method, predicate } = signed;
    const row = {
      id: newId(),
      tenant,
      seq: change.next(),
      digest,
      statement,
      signer,
      method,
      attestation,
      created_by: nameOf(by),
      at,
      revoked_at: null,
      why: '',
    };
    await db.insertInto('images').values(row).execute();
    const { image, as } = predicate;
    change.record('image.approved', digest, { id: row.id, image, as, statement, signer, method });
    return imageOfRow(row);
  });
}

/** Takes an approval of an image back: the next snapshot does not list it. @throws RegistryError `not-found`, `ended` */
export async function revokeImage(context: Context, by: Principal, id: string, reason: string): Promise<ApprovedImage> {
  checkComment(reason, 'the reason');
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const row = await db
      .selectFrom('images')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    if (row === undefined) throw new RegistryError('not-found', 'the approval of the image does not exist');
    if (row.revoked_at !== null) throw new RegistryError('ended', 'the approval was revoked already');
    await db.updateTable('images').set({ revoked_at: at, why: reason }).where('id', '=', id).execute();
    change.record('image.revoked', row.digest, { id, statement: row.statement, reason });
    return imageOfRow({ ...row, revoked_at: at, why: reason });
  });
}
