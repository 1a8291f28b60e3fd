import { formatReference, parseReference } from '../../core/reference/index.ts';
import type { CurrentDecision, Version } from '../api/index.ts';
import {
  type Bar,
  barText,
  chainState,
  isClosing,
  printOfText,
  type ToldVersion,
  withBars,
} from '../chain-state/index.ts';
import type { Principal } from '../records.ts';
import type { DecisionQuery } from '../registry.ts';
import { labelOf, versionsOfRows } from '../rows/index.ts';
import { type Context, compiledOnce, type Reader, read } from '../store/index.ts';
import { answerAt, type StoredAnswer } from './stored-answer.ts';

/** CWE-770: the number of models with the same bytes. */
const MAX_ANSWERS = 100;

/** Reads again, when an answer was replaced between two questions: more often means that it was tampered with. */
const TRIES = 3;

const storedAnswer = compiledOnce(
  { tenant: 'text', model: 'text', number: 'number' },
  (db, { tenant, model, number }) =>
    db
      .selectFrom('versions')
      .innerJoin('gate', 'gate.version', 'versions.id')
      .select('gate.answer')
      .where('versions.tenant', '=', tenant)
      .where('versions.model', '=', model)
      .where('versions.number', '=', number),
);

/**
 * What the audit log says about these bytes, by each of their names: a row only gives the text of an answer whose hash the log holds.
 * No assessment and no decision is read.
 * @throws RegistryError `broken-log`
 */
export async function currentDecisions(
  context: Context,
  by: Principal,
  query: DecisionQuery,
): Promise<CurrentDecision[]> {
  return read(context, by, async (db) => {
    for (let tries = 1; ; tries++) {
      const state = await chainState(context, by.tenant);
      // Many names for the same bytes hide neither a quarantined version nor the first version.
      const named = state.named(keyOfQuery(query));
      const closed = named.filter((label) => state.version(label)?.quarantined != null);
      const labels = [...new Set([...closed, ...named])].slice(0, MAX_ANSWERS);
      const answers: CurrentDecision[] = [];
      let faults = 0;
      for (const label of labels) {
        const told = state.version(label);
        if (told === undefined) continue;
        const stored = await coveredAnswer(db, by.tenant, told);
        if (stored === undefined) faults++;
        const answer = stored === undefined ? uncovered(told) : answerAt(stored, context.now());
        answers.push(barred(answer, state.barsOf(told.digest), label));
      }
      if (faults === 0 || tries === TRIES) return answers;
    }
  });
}

/** `undefined` when the row is not there, or is not the one that the log covers. */
async function coveredAnswer(db: Reader, tenant: string, told: ToldVersion): Promise<StoredAnswer | undefined> {
  const [row] = await storedAnswer(db, { tenant, ...nameOfLabel(told.label) });
  if (row === undefined || printOfText(row.answer) !== told.seal?.answer) return undefined;
  return JSON.parse(row.answer) as StoredAnswer;
}

function uncovered({ label, digest, refs, seal }: ToldVersion): CurrentDecision {
  const why =
    seal === null
      ? 'it was decided by an earlier version of assay: decide it again'
      : 'its record is not the one that the audit log covers: run "assay audit-log verify"';
  return {
    ...nameOfLabel(label),
    digest,
    pinned: [...refs].sort(),
    stage: 'candidate',
    action: 'deny',
    policy: '',
    policyDigest: '',
    approvedFor: [],
    notAfter: null,
    restsOn: [],
    reason: why,
  };
}

/** An answer with what bars the same bytes by other names. */
function barred(answer: CurrentDecision, bars: readonly Bar[], label: string): CurrentDecision {
  // Its own are in the answer, and those of a name that is closed are enough.
  const others = bars.filter((bar) => bar.label !== label);
  const whole = others.find((bar) => isClosing(bar) || bar.stage === null);
  if (whole !== undefined) {
    const reason = answer.action === 'deny' ? answer.reason : barText(whole);
    return { ...answer, action: 'deny', approvedFor: [], restsOn: [], reason };
  }
  const stages = new Set(others.map(({ stage }) => stage));
  const here = others.find(({ stage }) => stage === answer.stage);
  const approvedFor = answer.approvedFor.filter((stage) => !stages.has(stage));
  if (here === undefined || answer.action === 'deny') return { ...answer, approvedFor };
  return { ...answer, action: 'deny', approvedFor, restsOn: [], reason: barText(here) };
}

function nameOfLabel(label: string): { readonly model: string; readonly number: number } {
  const at = label.lastIndexOf('@');
  return { model: label.slice(0, at), number: Number(label.slice(at + 1)) };
}

export async function versionsOf(context: Context, by: Principal, query: DecisionQuery): Promise<Version[]> {
  return read(context, by, async (db) => {
    const rows = await db
      .selectFrom('versions')
      .selectAll('versions')
      .innerJoin('version_keys', 'version_keys.version', 'versions.id')
      .where('version_keys.tenant', '=', by.tenant)
      .where('version_keys.key', '=', keyOfQuery(query))
      .orderBy('versions.seq')
      .limit(MAX_ANSWERS)
      .execute();
    const labels = (await chainState(context, by.tenant)).named(keyOfQuery(query));
    const told = rows.filter((row) => labels.includes(labelOf(row)));
    return withBars(context, by.tenant, await versionsOfRows(db, told));
  });
}

/** References are stored in canonical form. A text that is not a reference is never found. */
function keyOfQuery(query: DecisionQuery): string {
  const key = 'digest' in query ? query.digest : canonical(query.ref);
  // No database keeps a NUL.
  return key.replaceAll('\0', ' ');
}

function canonical(ref: string): string {
  try {
    return formatReference(parseReference(ref));
  } catch {
    return ref;
  }
}
