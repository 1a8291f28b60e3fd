import { type PullOutcome, pull } from '../../../pipeline/index.ts';
import { addressOf } from '../../../pipeline/judging/index.ts';
import { renderTable } from '../../../report/index.ts';
import { prepareShownJudging } from '../../judging/index.ts';
import { Progress, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { PullRequest } from './request.ts';
import { cacheEnv, loadLines } from './text.ts';

/** Pulls a model, prints the report and the revision to load it by, and records the exit code. */
export async function runPull(request: PullRequest, shell: Shell): Promise<void> {
  const { knowledge, judgeArtifact, refuseOwnWaivers } = await prepareShownJudging(
    { ...request, offline: false },
    shell,
  );
  await refuseOwnWaivers(request.ref);
  const downloads = new Progress(shell, !request.quiet);
  const env = cacheEnv(shell.env, request.cache);
  let outcome: PullOutcome;
  try {
    outcome = await pull(request.ref, judgeArtifact, { env, signal: shell.signal, onEvent: downloads.onEvent });
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
  if (outcome.kind === 'written') {
    shell.stdout.write(loadLines(outcome, request.quiet));
    return;
  }
  if (!request.quiet) shell.stdout.write('\nNothing was downloaded into the cache.\n');
  shell.exit(outcome.judgement.decision.action === 'deny' ? 1 : 2);
}
