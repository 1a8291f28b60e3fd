import type { Command } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { InspectFlags } from './request.ts';

const GUIDE = `
Shows what a file consists of: its format, its members, the verdict; then, of every pickle, the instructions with what
they import and call, as Python would spell it. Nothing is loaded or run. Values are shown only of files judged clean.

Examples:
  assay inspect model.pt
  assay inspect model.pt --member archive/data.pkl --all
`;

export function registerInspect(program: Command, shell: Shell): void {
  program
    .command('inspect')
    .summary('look inside a file without loading it')
    .description('Shows the formats and members of a file, and what its pickles would do, without loading it.')
    .argument('<file>', 'a file, hf://owner/model/file, or https://...')
    .option('--member <path>', 'only this member of an archive, as findings name it')
    .option('--all', 'list every instruction; else the first 1,000, and of the others those that import or call', false)
    .option('--no-color', 'never colour')
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE)
    .action(async (file: string, flags: InspectFlags) => {
      const { runInspect } = await import('./run.ts');
      await runInspect(file, flags, shell);
    });
}
