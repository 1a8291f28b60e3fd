import type { Waiver } from '../../core/assessment/index.ts';
import type { ApprovalMethod, StoredWaiver } from '../api/index.ts';
import type { StageRules } from '../registry.ts';
import type { RuledStage } from '../rules/index.ts';
import type { Believer } from './believe.ts';
import type { History } from './history.ts';

/** A signed waiver that the audit log records. */
export interface HeldWaiver {
  readonly id: string;
  readonly waiver: Waiver;
  readonly method: ApprovalMethod;
  /** The entry by which it came in. */
  readonly seq: number;
}

/** Why a waiver is void. */
export interface Refused {
  readonly id: string;
  readonly why: string;
}

export interface HeldWaivers {
  readonly given: readonly HeldWaiver[];
  readonly refused: readonly Refused[];
}

export const NO_HELD_WAIVERS: HeldWaivers = { given: [], refused: [] };

/** The waivers for some bytes that are valid by signature and log, independent of their database rows. */
export async function heldWaiversOf(
  digest: string,
  waivers: readonly StoredWaiver[],
  { believer, history, now }: { readonly believer: Believer; readonly history: History; readonly now: Date },
): Promise<HeldWaivers> {
  const given: HeldWaiver[] = [];
  const refused: Refused[] = [];
  for (const stored of waivers) {
    const { id } = stored;
    const believed = await believer.believeWaiver(stored, digest, now);
    if (typeof believed === 'string') {
      refused.push({ id, why: believed });
      continue;
    }
    const told = history.waiver(believed.statement);
    if (told?.kind === 'given') given.push({ id, ...believed, seq: told.seq });
    else refused.push({ id, why: told === undefined ? UNTOLD : 'the audit log records its revocation' });
  }
  return { given, refused };
}

const UNTOLD = 'the audit log does not record it';

/**
 * The waivers that count for a stage: given in a way that it takes, and before its approvals, so that the approvers saw them.
 * @param since the entry of the first approval that counts
 */
export function waiversAt(
  given: readonly HeldWaiver[],
  stage: RuledStage,
  { methods }: StageRules,
  since: number,
): HeldWaivers {
  const refused = given.flatMap(({ id, method, seq }) => {
    if (methods.length > 0 && !methods.includes(method)) {
      return [{ id, why: `it was signed by ${method}, but ${stage} requires ${methods.join(' or ')}` }];
    }
    if (seq < since) return [];
    return [{ id, why: `it was added after the approvals for ${stage}: approve the version again` }];
  });
  return { given: given.filter(({ id }) => !refused.some((one) => one.id === id)), refused };
}
