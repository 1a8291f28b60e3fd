import * as v from 'valibot';
import { parseTime } from '../../integrity/statements/index.ts';
import type { AuditEntry } from '../api/index.ts';

/** An approval in the audit log. */
export interface LoggedApproval {
  readonly seq: number;
  readonly at: number;
  readonly stage: string;
  readonly signer: string;
}

/** A signed waiver, or an approval of an image, in the audit log. */
export type ToldWaiver = { readonly kind: 'given'; readonly seq: number } | { readonly kind: 'revoked' };

/** A run of tests in the audit log. */
export interface ToldRun {
  readonly status: string;
  /** Of its suite. */
  readonly suite: string;
  readonly isRevoked: boolean;
}

interface VersionHistory {
  /** `quarantined` or `retired`, and why; absent while it stands at a stage. */
  closed?: { readonly action: string; readonly reason: string };
  /** Pinned references by which its bytes were read, and the entry that told of each first. */
  readonly refs: Map<string, number>;
  /** By id. */
  readonly given: Map<string, LoggedApproval>;
  /** Runs of tests, by the digest of the statement. */
  readonly runs: Map<string, ToldRun>;
  /** By stage and signer: approvals from up to then were taken back. */
  readonly ended: Map<string, number>;
}

const givenDetail = v.object({ approval: v.string(), stage: v.string(), signer: v.string() });
const registeredDetail = v.object({ digest: v.string(), pinned: v.string() });
const endedDetail = v.object({ approval: v.string() });
const moveDetail = v.object({ reason: v.optional(v.string(), '') });
const runDetail = v.object({ statement: v.string(), status: v.string(), suite: v.object({ digest: v.string() }) });
const revokedRun = v.object({ statement: v.string() });
const imageDetail = v.object({ statement: v.string() });
const waiverDetail = v.object({ id: v.string(), statement: v.string() });

/**
 * The versions, approvals and waivers in the audit log. The tables of a registry hold them, too, but an attacker with write
 * access to the database can change these in one statement; an entry of the signed log cannot be changed or removed.
 */
export class History {
  readonly #versions = new Map<string, VersionHistory>();
  /** By the digest of the statement. */
  readonly #waivers = new Map<string, ToldWaiver>();
  /** Approvals of images, by the digest of the statement. */
  readonly #images = new Map<string, ToldWaiver>();
  /** The statement of each id. */
  readonly #statements = new Map<string, string>();
  /** Of artifacts that a waiver was ever given for. */
  readonly #waived = new Set<string>();

  add({ seq, at, action, subject, detail }: AuditEntry): void {
    switch (action) {
      case 'version.registered':
      case 'version.assessed':
        this.#register(subject, seq, detail);
        return;
      case 'approval.given':
        this.#give(subject, seq, at, detail);
        return;
      case 'approval.revoked':
      case 'approval.void':
        this.#end(subject, detail);
        return;
      case 'version.quarantined':
      case 'version.retired': {
        const reason = v.is(moveDetail, detail) ? v.parse(moveDetail, detail).reason : '';
        this.#of(subject).closed = { action: action.slice('version.'.length), reason };
        return;
      }
      case 'version.moved':
        delete this.#of(subject).closed;
        return;
      case 'tests.added':
        this.#run(subject, detail);
        return;
      case 'tests.revoked':
        this.#revokeRun(subject, detail);
        return;
      case 'image.approved':
        this.#approveImage(seq, detail);
        return;
      case 'image.revoked':
        if (v.is(imageDetail, detail)) this.#images.set(v.parse(imageDetail, detail).statement, { kind: 'revoked' });
        return;
      case 'waiver.added':
        this.#waive(subject, seq, detail);
        return;
      case 'waiver.revoked': {
        const statement = typeof detail.id === 'string' ? this.#statements.get(detail.id) : undefined;
        if (statement !== undefined) this.#waivers.set(statement, { kind: 'revoked' });
      }
    }
  }

  closed(label: string): VersionHistory['closed'] {
    return this.#versions.get(label)?.closed;
  }

  /** References and the entry that told of each first. */
  refs(label: string): ReadonlyMap<string, number> {
    return this.#versions.get(label)?.refs ?? new Map();
  }

  /**
   * The entry by which an approval came in: the first of its signer for the stage since it was signed. What is brought in once
   * more, under another id, stays where it was.
   * @param signedAt milliseconds since 1970, to the second
   */
  given(label: string, stage: string, signer: string, signedAt: number): LoggedApproval | undefined {
    const all = [...(this.#versions.get(label)?.given.values() ?? [])];
    return all.find((one) => one.stage === stage && one.signer === signer && one.at >= signedAt);
  }

  /** Whether the approval of a signer for a stage at that time was revoked. */
  isEnded(label: string, stage: string, signer: string, signedAt: number): boolean {
    const end = this.#versions.get(label)?.ended.get(keyOf(stage, signer));
    return end !== undefined && signedAt <= end;
  }

  /** The state of a waiver; `undefined` when the log does not record it. */
  waiver(statement: string): ToldWaiver | undefined {
    return this.#waivers.get(statement);
  }

  /** The state of an approval of an image; `undefined` when the log does not record it. */
  image(statement: string): ToldWaiver | undefined {
    return this.#images.get(statement);
  }

  get tellsOfImages(): boolean {
    return this.#images.size > 0;
  }

  /** The runs of tests of a version, by the digest of the statement. */
  runs(label: string): ReadonlyMap<string, ToldRun> {
    return this.#versions.get(label)?.runs ?? new Map();
  }

  tellsOfWaivers(digest: string): boolean {
    return this.#waived.has(digest);
  }

  /** An attacker with write access to the database could log it again: a revocation remains. */
  #approveImage(seq: number, detail: AuditEntry['detail']): void {
    if (!v.is(imageDetail, detail)) return;
    const { statement } = v.parse(imageDetail, detail);
    if (!this.#images.has(statement)) this.#images.set(statement, { kind: 'given', seq });
  }

  #run(subject: string, detail: AuditEntry['detail']): void {
    const read = v.safeParse(runDetail, detail);
    if (!read.success) return;
    const { statement, status, suite } = read.output;
    const { runs } = this.#of(subject);
    // An attacker with write access to the database could log it again: a revocation remains, and so does what it gave.
    if (!runs.has(statement)) runs.set(statement, { status, suite: suite.digest, isRevoked: false });
  }

  #revokeRun(subject: string, detail: AuditEntry['detail']): void {
    if (!v.is(revokedRun, detail)) return;
    const { statement } = v.parse(revokedRun, detail);
    const { runs } = this.#of(subject);
    const known = runs.get(statement);
    if (known !== undefined) runs.set(statement, { ...known, isRevoked: true });
  }

  #waive(digest: string, seq: number, detail: AuditEntry['detail']): void {
    this.#waived.add(digest);
    const read = v.safeParse(waiverDetail, detail);
    if (!read.success) return;
    const { id, statement } = read.output;
    // An attacker with write access to the database could log it again: a revocation remains, and no approval becomes older.
    if (!this.#statements.has(id)) this.#statements.set(id, statement);
    if (!this.#waivers.has(statement)) this.#waivers.set(statement, { kind: 'given', seq });
  }

  #register(subject: string, seq: number, detail: AuditEntry['detail']): void {
    const read = v.safeParse(registeredDetail, detail);
    const { refs } = this.#of(subject);
    if (read.success && !refs.has(read.output.pinned)) refs.set(read.output.pinned, seq);
  }

  #give(subject: string, seq: number, at: string, detail: AuditEntry['detail']): void {
    const read = v.safeParse(givenDetail, detail);
    const time = parseTime(at);
    if (!read.success || time === undefined) return;
    const { approval, stage, signer } = read.output;
    const { given } = this.#of(subject);
    // An attacker with write access to the database could log it again with another signer.
    if (!given.has(approval)) given.set(approval, { seq, at: time, stage, signer });
  }

  #end(subject: string, detail: AuditEntry['detail']): void {
    const history = this.#of(subject);
    const given = v.is(endedDetail, detail) ? history.given.get(v.parse(endedDetail, detail).approval) : undefined;
    if (given === undefined) return;
    const key = keyOf(given.stage, given.signer);
    history.ended.set(key, Math.max(history.ended.get(key) ?? 0, given.at));
  }

  #of(label: string): VersionHistory {
    const known = this.#versions.get(label);
    if (known !== undefined) return known;
    const history: VersionHistory = { refs: new Map(), given: new Map(), runs: new Map(), ended: new Map() };
    this.#versions.set(label, history);
    return history;
  }
}

function keyOf(stage: string, signer: string): string {
  return `${stage}\n${signer}`;
}
