import type { Command } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { ReproFlags } from './request.ts';

const GUIDE = `
Writes a pickle with the same instructions at the same offsets, to attach to a report of a false alarm. Names that are
imported and integers stay; every other text is replaced by x; bytes, floats and arrays by zeros. Check it before you
send it: assay inspect shows all of it.

Example:
  assay repro model.pt --output repro.pkl
`;

export function registerRepro(program: Command, shell: Shell): void {
  program
    .command('repro')
    .summary("write a file's instructions without its data, to report a false alarm")
    .description("Writes a pickle's instructions without tensors or strings, to report a false alarm.")
    .argument('<file>', 'a file, hf://owner/model/file, or https://...')
    .option('-o, --output <file>', 'the file to write (default: <file>.repro.pkl in this folder)')
    .option(
      '--member <path>',
      'a pickle of an archive, as findings name it (default: the one with findings, or the first)',
    )
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE)
    .action(async (file: string, flags: ReproFlags) => {
      const { runRepro } = await import('./run.ts');
      await runRepro(file, flags, shell);
    });
}
