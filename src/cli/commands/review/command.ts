import { type Command, Option } from 'commander';
import { PAPERS } from '../../../report/html/index.ts';
import { addJudgingOptions, type JudgingOptions, judgingOf } from '../../judging/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { ReviewFormat, ReviewRequest } from './request.ts';
import { REVIEW_FORMATS } from './request.ts';

interface ReviewFlags extends JudgingOptions {
  readonly format?: string;
  readonly output?: string;
  readonly paper?: string;
  readonly quiet: boolean;
  readonly offline: boolean;
}

const GUIDE = `
Judges a model as "assay scan" does, and writes a review to read, file and sign: the decision and its reasons, the
OWASP Machine Learning Security Top 10 with evidence, every finding with the bytes that it points at, provenance, the parts that
were not scanned, and a page to sign. One HTML file: no script, no request, light and dark, readable on a phone and printable.

Examples:
  assay review ./model                              writes model.review.html
  assay review hf://owner/model@v1.0 -o review.html
  assay review ./model -o review.pdf --paper letter PDF, through an installed Chromium
  assay review ./model --public-key publisher.pub --policy strict --waivers waivers.yaml

The Chromium on PATH, or the one in ASSAY_CHROMIUM, prints the PDF without network.
Exit codes: 0 allowed (warnings included), 1 denied, 2 could not complete. The review is written for 0 and 1.
`;

export function registerReview(program: Command, shell: Shell): void {
  const command = program
    .command('review')
    .summary('write the security review of a model')
    .description('Judges a model without loading it, and writes one security review mapped to the OWASP ML Top 10.')
    .argument('<artifact>', 'what "assay scan" takes: a file, a folder, hf://owner/model[@revision], https://..., ...')
    .addOption(
      new Option(
        '-f, --format <format>',
        'html, or pdf through an installed Chromium (default: by the name of the output)',
      ).choices(REVIEW_FORMATS),
    )
    .option(
      '-o, --output <file>',
      'write the review to this file (default: <name>.review.html, which is never overwritten)',
    )
    .addOption(new Option('--paper <size>', 'paper size of a PDF (default: a4)').choices(PAPERS));
  addJudgingOptions(command)
    .option('-q, --quiet', 'no progress; print only errors', false)
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE)
    .action(async (target: string, flags: ReviewFlags) => {
      const { runReview } = await import('./run.ts');
      await runReview(requestOf(target, flags), shell);
    });
}

function requestOf(target: string, flags: ReviewFlags): ReviewRequest {
  const { quiet, offline, output } = flags;
  const format = REVIEW_FORMATS.find((known) => known === flags.format) ?? formatOf(output);
  return {
    ...judgingOf(flags),
    target,
    format,
    output,
    paper: PAPERS.find((known) => known === flags.paper) ?? (format === 'pdf' ? 'a4' : undefined),
    quiet,
    offline,
  };
}

function formatOf(output: string | undefined): ReviewFormat {
  return output?.toLowerCase().endsWith('.pdf') === true ? 'pdf' : 'html';
}
