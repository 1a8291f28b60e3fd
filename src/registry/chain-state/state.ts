import * as v from 'valibot';
import type { AuditEntry } from '../api/index.ts';
import { canonicalJson, NO_ENTRY } from '../audit-chain/index.ts';
import { isExact } from '../rows/index.ts';
import { RULED_STAGES, type RuledStage } from '../rules/index.ts';
import type { RecordedEntry } from '../store/index.ts';
import { type Bar, type ChainHead, proofOfToken, type TokenRecord, type ToldToken, type ToldVersion } from './told.ts';

const sealed = v.object({
  seals: v.array(
    v.object({
      version: v.string(),
      answer: v.string(),
      rows: v.string(),
      assessment: v.string(),
      denies: v.array(v.string()),
    }),
  ),
});
const registered = v.object({ digest: v.string(), pinned: v.string() });
const scanned = v.object({ job: v.string(), scan: v.string() });
const closed = v.object({ reason: v.optional(v.string(), '') });
const moved = v.object({ from: v.string(), to: v.string() });
const approved = v.object({ to: v.string() });
const revoked = v.object({ stage: v.string(), reason: v.string() });
const alias = v.object({ alias: v.string() });
const waiver = v.looseObject({ id: v.string() });
const token = v.object({ id: v.string(), roles: v.array(v.string()), proof: v.optional(v.nullable(v.string()), null) });
const identified = v.object({ id: v.string() });

/**
 * What the audit log of one tenant says about its versions, aliases, waivers and tokens, entry by entry. Tables hold the same, but
 * anybody who can write to the database can change them in one statement.
 */
export class ChainState {
  readonly #base: ChainState | undefined;
  readonly #versions = new Map<string, ToldVersion>();
  /** Labels by digest and by pinned reference, in the order of registration. */
  readonly #named = new Map<string, readonly string[]>();
  readonly #aliases = new Map<string, string | null>();
  /** Canonical JSON of each waiver that stands; `null` once it is revoked. */
  readonly #waivers = new Map<string, string | null>();
  readonly #tokens = new Map<string, ToldToken>();
  #head: ChainHead;

  /** @param base what is known already: it stays as it is */
  constructor(base?: ChainState) {
    this.#base = base;
    this.#head = base?.head ?? { seq: 0, hash: NO_ENTRY };
  }

  get head(): ChainHead {
    return this.#head;
  }

  version(label: string): ToldVersion | undefined {
    return this.#versions.get(label) ?? this.#base?.version(label);
  }

  /** @param key a digest or a pinned reference */
  named(key: string): readonly string[] {
    return this.#named.get(key) ?? this.#base?.named(key) ?? [];
  }

  /** Every version, in no order. */
  labels(): ReadonlySet<string> {
    return new Set([...(this.#base?.labels() ?? []), ...this.#versions.keys()]);
  }

  /** The label that an alias leads to; `undefined` for none. */
  alias(model: string, name: string): string | undefined {
    const key = `${model}\n${name}`;
    const own = this.#aliases.get(key);
    return own === undefined ? this.#base?.alias(model, name) : (own ?? undefined);
  }

  /** Whether the log holds exactly this waiver, and no revocation of it. */
  holdsWaiver(id: string, digest: string, body: object): boolean {
    const told = this.#waivers.get(id);
    if (told === undefined) return this.#base?.holdsWaiver(id, digest, body) ?? false;
    return told === waiverText(digest, body);
  }

  /** Whether the log holds exactly this token, and no revocation of it. */
  holdsToken(row: TokenRecord): boolean {
    const told = this.token(row.id);
    if (told === undefined || told.isRevoked) return false;
    const sameRoles = told.roles === (JSON.parse(row.roles) as string[]).sort().join();
    return sameRoles && (told.proof === null || told.proof === proofOfToken(row));
  }

  token(id: string): ToldToken | undefined {
    return this.#tokens.get(id) ?? this.#base?.token(id);
  }

  /** Why these bytes may not run, by every name that they have in the tenant. */
  barsOf(digest: string): readonly Bar[] {
    return this.named(digest).flatMap((label) => {
      const told = this.version(label);
      return told === undefined ? [] : barsBy(told);
    });
  }

  /** @throws RangeError for an entry that is not the next one */
  add(entry: AuditEntry): void {
    if (entry.seq !== this.#head.seq + 1) throw new RangeError(`entry ${entry.seq} does not follow ${this.#head.seq}`);
    this.#head = { seq: entry.seq, hash: entry.hash };
    this.#tell(entry);
    if (!v.is(sealed, entry.detail)) return;
    for (const { version, ...seal } of v.parse(sealed, entry.detail).seals) {
      this.#update(version, { seal, seq: entry.seq });
    }
  }

  /** What a change has recorded, and not written yet. */
  foresee(entries: readonly RecordedEntry[]): void {
    for (const entry of entries) this.#tell(entry);
  }

  #tell({ seq, at, action, subject, detail }: RecordedEntry): void {
    switch (action) {
      case 'version.registered':
      case 'version.assessed':
        this.#register(subject, { seq, at, detail });
        return;
      case 'version.quarantined':
        this.#update(subject, { quarantined: v.parse(closed, detail).reason, approved: [] });
        return;
      case 'version.moved': {
        const { from } = v.parse(moved, detail);
        if (from === 'quarantined') this.#update(subject, { quarantined: null, approved: [], revoked: [] });
        return;
      }
      case 'transition.approved': {
        const { to } = v.parse(approved, detail);
        const told = this.version(subject);
        if (told === undefined) return;
        // Approvals for a stage make up for what was revoked there or earlier.
        const left = told.revoked.filter(({ stage }) => rankOf(stage) > rankOf(to));
        this.#update(subject, { approved: [...new Set([...told.approved, to])], revoked: left });
        return;
      }
      case 'approval.revoked': {
        const told = this.version(subject);
        const { stage, reason } = v.parse(revoked, detail);
        // Who takes back a vote for an open request revokes nothing that was in force.
        if (told === undefined || !told.approved.includes(stage)) return;
        const others = told.revoked.filter((one) => one.stage !== stage);
        this.#update(subject, { revoked: [...others, { stage, reason }] });
        return;
      }
      case 'alias.set': {
        const model = subject.slice(0, subject.lastIndexOf('@'));
        this.#aliases.set(`${model}\n${v.parse(alias, detail).alias}`, subject);
        return;
      }
      case 'alias.removed':
        this.#aliases.set(`${subject}\n${v.parse(alias, detail).alias}`, null);
        return;
      case 'waiver.added': {
        const { id } = v.parse(waiver, detail);
        this.#waivers.set(id, waiverText(subject, detail));
        return;
      }
      case 'waiver.revoked':
        this.#waivers.set(v.parse(identified, detail).id, null);
        return;
      case 'token.created': {
        const { id, roles, proof } = v.parse(token, detail);
        this.#tokens.set(id, { roles: [...roles].sort().join(), proof, isRevoked: false });
        return;
      }
      case 'token.revoked': {
        const { id } = v.parse(identified, detail);
        const told = this.token(id);
        if (told !== undefined) this.#tokens.set(id, { ...told, isRevoked: true });
        return;
      }
    }
  }

  #register(label: string, { seq, at, detail }: Pick<RecordedEntry, 'seq' | 'at' | 'detail'>): void {
    const { digest, pinned } = v.parse(registered, detail);
    const known = this.version(label);
    const refs = [...new Set([...(known?.refs ?? []), ...(isExact(pinned) ? [pinned] : [])])];
    const unknown = { label, digest, quarantined: null, approved: [], revoked: [], seal: null };
    const scan = v.is(scanned, detail) ? { job: detail.job, key: detail.scan, at } : null;
    this.#versions.set(label, { ...(known ?? unknown), refs, scan, seq });
    // The first entry says which bytes a version has.
    for (const key of [known?.digest ?? digest, ...refs]) {
      const labels = this.named(key);
      if (!labels.includes(label)) this.#named.set(key, [...labels, label]);
    }
  }

  #update(label: string, change: Partial<ToldVersion>): void {
    const known = this.version(label);
    if (known !== undefined) this.#versions.set(label, { ...known, ...change });
  }
}

function barsBy({ label, quarantined, revoked, seal }: ToldVersion): Bar[] {
  const closed =
    quarantined === null ? [] : [{ label, kind: 'quarantined' as const, stage: null, reason: quarantined }];
  const taken = revoked.map(({ stage, reason }) => ({ label, kind: 'revoked' as const, stage, reason }));
  const denied = (seal?.denies ?? []).map((stage) => ({
    label,
    kind: 'denied' as const,
    stage: stage === 'candidate' ? null : stage,
    reason: `the policy for ${stage} denies it`,
  }));
  return [...closed, ...taken, ...denied];
}

function rankOf(stage: string): number {
  return RULED_STAGES.indexOf(stage as RuledStage);
}

/** The parts of a waiver that decide, from its row and from its entry alike. */
function waiverText(digest: string, body: object): string {
  const part = (name: string): unknown => Reflect.get(body, name);
  const { file = null, ...parts } = Object.fromEntries(
    ['rule', 'file', 'reason', 'owner', 'expires', 'from'].map((name) => [name, part(name)]),
  );
  return canonicalJson({ digest, file, ...parts });
}
