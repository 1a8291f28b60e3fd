import type { Artifact } from '../core/artifact.ts';
import { assess } from '../pipeline/assess.ts';
import { type Judgement, type PullOutcome, pull } from '../pipeline/pull.ts';
import { decide, loadPolicy } from '../policy/index.ts';
import { renderTable, terminalText } from '../report/index.ts';
import { readAllowances } from './allowance-file.ts';
import { loadKnowledge } from './knowledge.ts';
import { pardonFiles, refusePardonsFrom } from './pardon-place.ts';
import { addressOf } from './place.ts';
import { Progress } from './progress.ts';
import type { PullRequest } from './pull.ts';
import { type Shell, wantsColor, widthOf } from './shell.ts';
import { signatureRequest } from './trust.ts';
import { readWaivers, withPardons } from './waiver-options.ts';

/** Pulls a model, prints the report and the revision to load it by, and records the exit code. */
export async function runPull(request: PullRequest, shell: Shell): Promise<void> {
  const policy = await loadPolicy(request.policy);
  const knowledge = await loadKnowledge(request.allow, request.ruleset, shell.env);
  const own = request.allow === undefined ? { allowances: [], notes: [] } : await readAllowances(request.allow);
  const now = new Date();
  const pardons = await readWaivers({ ...request.pardons, ...request.trust }, shell.env, now);
  const signature = await signatureRequest(request.trust, shell.env, request.pardons.attestation.length > 0);
  await refusePardonsFrom(request.ref, await pardonFiles(request, pardons, shell.env), shell.env);
  const judge = async (artifact: Artifact): Promise<Judgement> => {
    const progress = new Progress(shell, !request.quiet);
    try {
      const found = await assess(artifact, {
        signal: shell.signal,
        onEvent: progress.onEvent,
        lists: knowledge.lists,
        allowances: own.allowances,
        signature: { ...signature, later: artifact.files.some(({ distance }) => distance === 'far') },
      });
      const assessment = await withPardons(
        { ...found, notes: [...found.notes, ...own.notes, ...knowledge.notes] },
        pardons,
        now,
      );
      const failOn = request.failOn === undefined ? {} : { failOn: request.failOn };
      const { waivers, approvals } = pardons;
      const options = { policy, ...failOn, waivers, approvals, environment: request.environment, now };
      return { assessment, decision: decide(assessment, options) };
    } finally {
      progress.end();
    }
  };
  const downloads = new Progress(shell, !request.quiet);
  let outcome: PullOutcome;
  try {
    outcome = await pull(request.ref, judge, { env: shell.env, signal: shell.signal, onEvent: downloads.onEvent });
  } finally {
    downloads.end();
  }
  const { assessment } = outcome.judgement;
  const report = renderTable(
    outcome.judgement,
    { ...knowledge.context, coverage: false },
    {
      width: widthOf(shell.stdout),
      color: wantsColor(shell.stdout, shell.env, request.color),
      verbose: request.verbose,
      quiet: request.quiet,
      isListed: knowledge.isListed,
      reopen: (file) => addressOf(assessment.artifact, file),
    },
  );
  shell.stdout.write(report);
  shell.stdout.write(epilogue(outcome, request.quiet));
  if (outcome.kind === 'refused') shell.exit(outcome.judgement.decision.action === 'deny' ? 1 : 2);
}

/** `revision=` stands alone on its line: scripts take it from there. */
function epilogue(outcome: PullOutcome, quiet: boolean): string {
  if (outcome.kind === 'refused') return quiet ? '' : '\nNothing was downloaded into the cache.\n';
  const { repo, commit, folder } = outcome;
  if (quiet) return `revision=${commit}\n`;
  return [
    '',
    `Written to ${terminalText(folder)}`,
    `revision=${commit}`,
    `Load it by that revision: AutoModel.from_pretrained("${repo}", revision="${commit}")`,
    '',
  ].join('\n');
}
