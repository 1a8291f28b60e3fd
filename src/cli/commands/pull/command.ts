import type { Command } from 'commander';
import { addJudgingOptions, type JudgingOptions, judgingOf, WAIVER_GUIDE } from '../../judging/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { PullRequest } from './request.ts';

interface PullFlags extends JudgingOptions, Pick<PullRequest, 'verbose' | 'color'> {
  readonly quiet: boolean;
  readonly cache?: string;
  readonly expect?: string;
}

const GUIDE = `
The model is scanned remotely; if it is allowed, it is downloaded, hashed and scanned again, completely. Only then does it
appear in the Hugging Face cache, with exactly the bytes that were judged. Load it by the printed revision.

Examples:
  assay pull hf://openai-community/gpt2
  assay pull hf://owner/model@v1.0 --policy strict
  revision=$(assay pull hf://owner/model --quiet | sed -n 's/^revision=//p')
  assay pull hf://owner/model@COMMIT --cache /models/hub --expect sha256:...

With --expect, an approval has decided on the bytes before: they are hashed and not scanned, and nothing is written unless
their tree digest (assay digest) matches. The other options of judging then have no effect.

HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_CACHE are honoured.
Exit codes: 0 allowed and written (warnings included), 1 denied, 2 could not complete, or the digest differs. 1 and 2 write nothing.
`;

export function registerPull(program: Command, shell: Shell): void {
  const command = program
    .command('pull')
    .summary('scan a model of the Hugging Face Hub, and download it when it is allowed')
    .description(
      'Scans a model of the Hugging Face Hub and, when it is allowed, writes exactly the judged bytes into the Hugging Face cache.',
    )
    .argument('<model>', 'hf://owner/model[@revision], or its page on the Hub');
  addJudgingOptions(command)
    .option('--cache <folder>', 'the Hugging Face cache to write into (otherwise HF_HUB_CACHE, HF_HOME)')
    .option('--expect <digest>', 'the expected tree digest (sha256:...); the model is then not scanned')
    .option('-q, --quiet', 'no progress; print only the decision and the revision', false)
    .option('-v, --verbose', 'list clean files, every finding and every check', false)
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .addHelpText('after', GUIDE + WAIVER_GUIDE)
    .action(async (ref: string, flags: PullFlags) => {
      const { quiet, verbose, color, cache, expect } = flags;
      const request = { ...judgingOf(flags), ref, cache, expect, quiet, verbose, color };
      if (expect === undefined) {
        const { runPull } = await import('./run.ts');
        await runPull(request, shell);
      } else {
        const { runPullKnown } = await import('./run-known.ts');
        await runPullKnown({ ...request, expect }, shell);
      }
    });
}
