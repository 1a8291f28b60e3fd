import { type Command, Option } from 'commander';
import { AssayError } from '../core/errors.ts';
import type { Shell } from './shell.ts';

/** What was asked on the command line, checked. */
export interface AdmitExplainRequest {
  readonly file: string;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly color: boolean;
}

interface AdmitFlags {
  readonly explain?: boolean;
  readonly file?: string;
  readonly format: string;
  readonly output?: string;
  readonly color: boolean;
}

const GUIDE = `
Reads containers of every kind, volumes, annotations, and the fields of KServe, Ray, Kubeflow, KAITO, NIM, Seldon, kubeai and others.
Nothing is fetched and no cluster is asked. What the manifest does not say (a variable from a secret, a script, a configuration
file) is listed as unresolved: a model may be there.

Examples:
  assay admit --explain -f manifest.yaml
  helm template . | assay admit --explain -f -
  assay admit --explain -f manifest.yaml --format json

Exit codes: 0 explained, whatever was found; 2 could not read.
`;

export function registerAdmit(program: Command, shell: Shell): void {
  program
    .command('admit')
    .summary('say which models a Kubernetes manifest loads')
    .description(
      'Lists the models that the objects of a Kubernetes manifest load: from where, how, and where that is said.',
    )
    .option('--explain', 'list what is found in a manifest, and why')
    .option('-f, --file <file>', 'YAML with one or more documents, or JSON; - for standard input')
    .addOption(new Option('--format <format>', 'how to report').choices(['table', 'json']).default('table'))
    .option('-o, --output <file>', 'write the report there, whole or not at all, instead of to stdout')
    .option('--no-color', 'never colour')
    .addHelpText('after', GUIDE)
    .action(async ({ explain, file, format, output, color }: AdmitFlags) => {
      if (explain !== true || file === undefined) {
        const missing = explain === true ? 'no manifest is named' : 'it is not said what to do';
        throw new AssayError('usage', missing, { subject: 'admit', mend: 'give --explain -f manifest.yaml' });
      }
      const { runAdmitExplain } = await import('./run-admit-explain.ts');
      await runAdmitExplain({ file, format: format === 'json' ? 'json' : 'table', output, color }, shell);
    });
}
