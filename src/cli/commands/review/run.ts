import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { AssayError } from '../../../core/index.ts';
import { parseReference } from '../../../core/reference/index.ts';
import {
  count,
  humanBytes,
  type Judged,
  mapOwasp,
  owaspCoverage,
  renderHtml,
  terminalText,
} from '../../../report/index.ts';
import { findChromium, printToPdf } from '../../../sandbox/index.ts';
import { exitCodeOf, prepareShownJudging } from '../../judging/index.ts';
import { openSink, type Shell } from '../../terminal/index.ts';
import { Excerpts } from './excerpts.ts';
import type { ReviewRequest } from './request.ts';

/** Judges one artifact, writes its review, says where, and records the exit code. */
export async function runReview(request: ReviewRequest, shell: Shell): Promise<void> {
  const output = request.output ?? defaultOutput(request);
  const sink = await openSink(output, shell);
  // Asked for before the work: a scan may take long.
  const chromium = request.format === 'pdf' ? findChromium(shell.env) : undefined;
  const judging = await prepareShownJudging(request, shell);
  const excerpts = new Excerpts(shell.signal);
  const judged = await judging.judge(request.target, { onTarget: excerpts.onTarget, rebuild: 'offered' });
  const html = renderHtml(
    judged,
    { ...judging.knowledge.context, coverage: true },
    {
      now: judging.now,
      excerpts: excerpts.taken,
      ...(request.paper === undefined ? {} : { paper: request.paper }),
    },
  );
  const review =
    chromium === undefined
      ? Buffer.from(html)
      : await printToPdf(html, { chromium, env: shell.env, signal: shell.signal });
  sink.write(review);
  await sink.commit();
  if (!request.quiet) shell.stdout.write(summary(judged, output, review.length));
  shell.exit(exitCodeOf(judged));
}

function summary({ assessment, decision }: Judged, output: string, bytes: number): string {
  const { assessed, direct, of } = owaspCoverage(mapOwasp(assessment).risks);
  const facts = [
    humanBytes(bytes),
    count(assessment.findings.length, 'finding'),
    `OWASP ML Top 10: assessed ${assessed}/${of}, direct ${direct}/${of}`,
  ];
  return `${decision.action.toUpperCase()} ${terminalText(assessment.artifact.pinned)}\n${terminalText(output)}: ${facts.join(', ')}\n`;
}

/** Never over a file that somebody has. */
function defaultOutput({ target, format }: ReviewRequest): string {
  const output = `${nameOf(target)}.review.${format}`;
  if (!existsSync(output)) return output;
  throw new AssayError('usage', 'exists', { subject: output, hint: 'name another file with --output' });
}

/** The last part of a reference without its revision, as a name for a file. */
function nameOf(target: string): string {
  const { kind } = parseReference(target);
  const last = kind === 'path' ? basename(resolve(target)) : basename(target.replace(/[@?#].*$/, ''));
  const name = last
    .replace(/[^\p{L}\p{N}._-]/gu, '_')
    .replace(/^\.+/, '')
    .slice(0, 100);
  return name === '' ? 'model' : name;
}
