import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { Ruleset } from '../../core/assessment/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import { chosenLists } from '../../pipeline/index.ts';
import type { LiveRules, Principal, Reevaluation, Registry, Version } from '../../registry/index.ts';
import { rulesetOf } from '../../scan/rules/index.ts';
import type { Queue } from '../queue/index.ts';

export interface ReevaluationParts {
  readonly registry: Pick<Registry, 'reevaluate' | 'tenants' | 'version' | 'jobs'>;
  readonly queue: Pick<Queue, 'enqueue'>;
  readonly live: LiveRules;
}

export interface ReevaluationOptions {
  /** Remembers by which rules each tenant was last decided: a start under the same rules decides nothing. */
  readonly stateFile: string;
  readonly tell: (line: string) => void;
  /** Of the rules that are installed; read again each time. */
  readonly ruleset?: () => Promise<Ruleset>;
  readonly pollMs?: number;
}

export interface RunningReevaluation {
  /** Looks now, and waits for what comes of it. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 10_000;
/** Behind what people ask for. */
const PRIORITY = -100;
const state = v.record(v.string(), v.string());

/**
 * Decides again whenever the installed ruleset, the rules of the registry or one of its policies are others than before: from stored
 * assessments at once, and by another scan where the ruleset is newer than an assessment. Changes are in the audit log, from
 * which webhooks and listeners get them.
 */
export function startReevaluation(parts: ReevaluationParts, options: ReevaluationOptions): RunningReevaluation {
  const { pollMs = POLL_MS, tell } = options;
  const stop = new AbortController();
  let looking: Promise<void> | undefined;
  const look = () => {
    looking ??= reevaluateOnChange(parts, options, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) tell(`re-evaluation: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const timer = setInterval(look, pollMs);
  timer.unref();
  return {
    look,
    async close() {
      clearInterval(timer);
      stop.abort();
      await looking;
    },
  };
}

/** One look: every tenant that was last decided by other rules is decided again. */
export async function reevaluateOnChange(
  { registry, queue, live }: ReevaluationParts,
  { stateFile, tell, ruleset: current = installedRuleset }: ReevaluationOptions,
  signal: AbortSignal,
): Promise<void> {
  await live.reload();
  const ruleset = await current();
  const print = createHash('sha256').update(`${live.print}\n${ruleset.digest}`).digest('hex');
  const known = await readState(stateFile);
  for (const tenant of await registry.tenants()) {
    if (known[tenant] === print) continue;
    const by: Principal = { tenant, subject: 'assay', issuer: null, roles: ['submitter', 'admin'], via: 'local' };
    const done = await registry.reevaluate(by, { signal, ruleset });
    const scans = await rescan(registry, queue, by, done, ruleset);
    known[tenant] = print;
    await writeState(stateFile, known);
    if (done.versions > 0) tell(summaryOf(tenant, done, scans));
  }
}

/** @returns how many can be scanned again, and how many have to be brought again */
async function rescan(
  registry: ReevaluationParts['registry'],
  queue: ReevaluationParts['queue'],
  by: Principal,
  { rescan: ids }: Reevaluation,
  ruleset: Ruleset,
): Promise<{ readonly asked: number; readonly unreachable: number }> {
  let asked = 0;
  for (const id of ids) {
    const version = await registry.version(by, { id });
    const target = targetOf(version);
    if (target === undefined) continue;
    const { model } = version;
    const { job } = await registry.jobs.create(by, { target, model, priority: PRIORITY, ruleset: ruleset.digest });
    await queue.enqueue(job);
    asked++;
  }
  return { asked, unreachable: ids.length - asked };
}

/** Where the same bytes are still to be had; bytes that somebody uploaded may be gone. */
function targetOf({ pinned, ref }: Version): string | undefined {
  return [...pinned, ref].find((one) => {
    try {
      return parseReference(one).kind !== 'path';
    } catch {
      return false;
    }
  });
}

function summaryOf(
  tenant: string,
  { versions, changed, carried, voided }: Reevaluation,
  { asked, unreachable }: { readonly asked: number; readonly unreachable: number },
): string {
  const gone = unreachable === 0 ? '' : `, ${unreachable} must be uploaded again`;
  return `the rules changed: ${tenant}: ${versions} decided again, ${changed.length} decisions changed, approvals: ${carried} carried over, ${voided} void; ${asked} scanned again${gone}`;
}

async function installedRuleset(): Promise<Ruleset> {
  const { lists } = await chosenLists('installed', process.env);
  return rulesetOf([], lists);
}

/** An unreadable state counts as missing: then everything is decided again. */
async function readState(path: string): Promise<Record<string, string>> {
  try {
    const read = v.safeParse(state, JSON.parse(await readFile(path, 'utf8')));
    return read.success ? { ...read.output } : {};
  } catch {
    return {};
  }
}

async function writeState(path: string, known: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(`${path}.tmp`, `${JSON.stringify(known)}\n`, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}
