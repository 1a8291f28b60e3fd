import { isArtifactPath } from '../../core/reference/index.ts';
import { isRuleName } from '../../integrity/statements/index.ts';
import { endOfWaiver } from '../../policy/waivers/index.ts';
import type { Page, Role, StoredWaiver } from '../api/index.ts';
import { checkRecords } from '../chain-state/index.ts';
import { decideVersion } from '../decisions/index.ts';
import { checkDigest, checkLine, nameOf } from '../names.ts';
import { limitOf, pageOf, seqAfter } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import type { RegistryRules, WaiverRequest } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { isLive, newestAssessment, storedWaiversFor, waiverOfRow } from '../rows/index.ts';
import { asksForApprovals, isWaivable, RULED_STAGES } from '../rules/index.ts';
import { digestOfStatement, signWaiver, verifyWaiver } from '../statements/index.ts';
import { type Change, type Context, change, newId, read } from '../store/index.ts';
import { isSamePerson } from '../tokens/index.ts';

const RULE = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const MAX_TEXT = 2000;
/** A year, and the day that a leap year adds. */
const MAX_DAYS = 366;
const DAY = 24 * 60 * 60 * 1000;
/** Verdicts that can be waived. */
const VERDICTS: ReadonlySet<string> = new Set(['verdict.suspicious', 'verdict.unknown', 'verdict.not-assessed']);
/** CWE-770: a list for one artifact that people maintain is smaller. */
const MAX_FOR_DIGEST = 500;

/** The newest first. */
export async function waivers(context: Context, by: Principal, page: PageRequest = {}): Promise<Page<StoredWaiver>> {
  return read(context, by, async (db) => {
    const limit = limitOf(page);
    const after = seqAfter(page);
    let query = db.selectFrom('waivers').selectAll().where('tenant', '=', by.tenant);
    if (after !== undefined) query = query.where('seq', '<', after);
    const rows = await query
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute();
    return pageOf(rows, limit, waiverOfRow, ({ seq }) => String(seq));
  });
}

/** Those for a digest that nobody took back. */
export async function waiversFor(context: Context, by: Principal, digest: string): Promise<StoredWaiver[]> {
  return read(context, by, (db) => storedWaiversFor(db, by.tenant, digest));
}

export async function addWaiver(context: Context, by: Principal, request: WaiverRequest): Promise<StoredWaiver> {
  checkWaiver(request, context.now());
  const role = approvingRole(context.rules);
  if (!by.roles.includes(role)) {
    throw new RegistryError('forbidden', `a waiver replaces what a ${role} approves: only a ${role} waives`);
  }
  return change(context, by, async (change) => {
    const { db, tenant, at, now } = change;
    await checkKnown(context, change, request);
    await checkNotApprover(change, request.digest);
    const { count } = await db
      .selectFrom('waivers')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('tenant', '=', tenant)
      .where('digest', '=', request.digest)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (count >= MAX_FOR_DIGEST) throw new RegistryError('too-large', `this digest already has ${count} waivers`);
    const { rule, digest, file, reason, owner, expires, attestation } = request;
    const signed =
      attestation === undefined
        ? await signWaiver(context, request, by, now)
        : await verifyWaiver(context, request, attestation, role, now);
    const from = `waiver by ${nameOf(by)}`;
    const waiver = { rule, digest, ...(file === undefined ? {} : { file }), reason, owner, expires, from };
    const row = {
      id: newId(),
      tenant,
      seq: change.next(),
      digest,
      body: JSON.stringify(waiver),
      created_by: nameOf(by),
      at,
      revoked_at: null,
      ...signed,
    };
    await db.insertInto('waivers').values(row).execute();
    const { method, signer } = signed;
    const statement = digestOfStatement(signed.attestation);
    change.record('waiver.added', digest, { id: row.id, ...waiver, method, signer, statement });
    await decideDigest(context, change, digest);
    return waiverOfRow(row);
  });
}

export async function revokeWaiver(context: Context, by: Principal, id: string): Promise<StoredWaiver> {
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const row = await db
      .selectFrom('waivers')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    if (row === undefined) throw new RegistryError('not-found', 'the waiver does not exist');
    if (row.revoked_at !== null) throw new RegistryError('ended', 'the waiver was revoked already');
    await db.updateTable('waivers').set({ revoked_at: at }).where('id', '=', id).execute();
    change.record('waiver.revoked', row.digest, { id });
    await decideDigest(context, change, row.digest);
    return waiverOfRow({ ...row, revoked_at: at });
  });
}

/** Decides every version of a digest again. */
async function decideDigest(context: Context, change: Change, digest: string): Promise<void> {
  const versions = await change.db
    .selectFrom('versions')
    .selectAll()
    .where('tenant', '=', change.tenant)
    .where('digest', '=', digest)
    .execute();
  for (const version of versions) {
    await checkRecords(context, change, version);
    await decideVersion(context, change, version, await newestAssessment(change.db, version.id));
  }
}

/** The role that the strictest stage asks of its approvers: a waiver counts at every stage. */
function approvingRole(rules: RegistryRules): Role {
  const asked = RULED_STAGES.flatMap((stage) => rules[stage].approvals.map(({ role }) => role));
  const strictest = (['admin', 'security-approver', 'reviewer'] as const).find((role) => asked.includes(role));
  return strictest ?? 'security-approver';
}

/** @throws RegistryError `not-found` for bytes that the tenant does not have, `invalid` for a rule that there is not */
async function checkKnown(
  { rules, isRule }: Context,
  { db, tenant }: Change,
  { rule, digest }: WaiverRequest,
): Promise<void> {
  const versions = await db
    .selectFrom('versions')
    .select('id')
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .execute();
  if (versions.length === 0) {
    throw new RegistryError('not-found', 'no version has this digest', { hint: 'register the bytes first: scan them' });
  }
  const ofPolicies = RULED_STAGES.flatMap((stage) => rules[stage].policy.rules.filter(({ id }) => id === rule));
  const asking = RULED_STAGES.some((stage) => asksForApprovals(rule, rules[stage].policy));
  if (asking) throw new RegistryError('not-waivable', `${rule} asks for approvals, which a waiver cannot replace`);
  if (ofPolicies.length > 0 || VERDICTS.has(rule) || isRule(rule)) return;
  for (const { id } of versions) {
    const { findings } = (await newestAssessment(db, id)).assessment;
    if (findings.some(({ ruleId }) => ruleId === rule)) return;
  }
  throw new RegistryError('invalid', `there is no rule ${rule}`, {
    hint: 'name a rule of the catalogue ("assay explain"), of a policy, or of a finding',
  });
}

/** Who approved the bytes does not waive what is held against them. @throws RegistryError `own-request` */
async function checkNotApprover({ db, tenant, by, now }: Change, digest: string): Promise<void> {
  const approvals = await db
    .selectFrom('approvals')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .execute();
  for (const approval of approvals) {
    if (!isLive(approval, now) || !(await isSamePerson(db, by, approval.voter_key))) continue;
    throw new RegistryError('own-request', 'you approved these bytes, so that you cannot waive a rule for them', {
      hint: 'another person must waive it',
    });
  }
}

function checkWaiver({ rule, digest, file, reason, owner, expires }: WaiverRequest, now: Date): void {
  if (!RULE.test(rule) || !isRuleName(rule))
    throw new RegistryError('invalid', 'this is not an id of a rule', { hint: 'patterns are not supported' });
  if (!isWaivable(rule)) throw new RegistryError('not-waivable', `${rule} cannot be waived`);
  checkDigest(digest);
  if (file !== undefined) {
    checkLine(file, 'the file', MAX_TEXT);
    if (!isArtifactPath(file)) throw new RegistryError('invalid', 'the file is not a path within an artifact');
  }
  checkLine(reason, 'the reason', MAX_TEXT);
  checkLine(owner, 'the owner', MAX_TEXT);
  const end = endOfWaiver(expires);
  if (Number.isNaN(end.getTime())) {
    throw new RegistryError('invalid', 'this is not a valid expiry of a waiver', {
      hint: 'write 2027-01-31 or 2027-01-31T12:00:00Z',
    });
  }
  if (!(now < end)) throw new RegistryError('invalid', 'the waiver would already be expired');
  if (end.getTime() - now.getTime() > MAX_DAYS * DAY) {
    throw new RegistryError('invalid', `a waiver lasts at most ${MAX_DAYS} days`, {
      hint: 'give an earlier end, and waive the rule again when it is reviewed then',
    });
  }
}
