import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import { DEFAULT_POLICY, SHIPPED_POLICIES } from '../../../policy/index.ts';
import { addEnvironmentOptions } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { ExplainFlags } from './request.ts';

const GUIDE = `
A policy is a YAML file whose rules are written in CEL (https://cel.dev). Every rule has to be true:

  apiVersion: assay.dev/v1
  kind: ModelPolicy
  metadata: { name: acme, description: What acme asks of a model. }
  spec:
    match:                                     for others it denies; leave it out for all
      stages: [production]                     also: formats, sources, expression
    variables:
      - name: bad
        expression: files.filter(f, f.verdict != 'clean' && !f.waived)
    validations:
      - id: files.clean
        expression: variables.bad.size() == 0
        messageExpression: "'not clean: ' + variables.bad.map(f, f.path).join(', ')"
        action: deny                           or warn, or audit, which only records
        owasp: [ML06:2023]
      - id: licence.known
        when: source.kind == 'hf'              asked only there
        expression: declared.licences.exists(l, l in ['mit', 'apache-2.0'])
        message: no licence that we know
        findings: findings.filter(f, f.ruleId.startsWith('hub.'))   what is behind it, where the rule does not tell

A rule that cannot be evaluated denies. One that asks for what this version cannot produce denies as "unavailable".
Shipped: ${SHIPPED_POLICIES.map(({ name }) => name).join(', ')}; examples lie beside them in policies/examples.
`;

export function registerPolicy(program: Command, shell: Shell): void {
  const policy = program
    .command('policy')
    .summary('check, test and explain policies')
    .description('Checks policies before they decide, runs their tests, and explains a decision.')
    .addHelpText('after', GUIDE);
  registerCheck(policy, shell);
  registerTest(policy, shell);
  registerExplain(policy, shell);
}

function registerCheck(policy: Command, shell: Shell): void {
  policy
    .command('check')
    .summary('find what is wrong with policies')
    .description('Finds unknown fields, wrong types, words that a field never holds, and rules that can never fire.')
    .argument('<file...>', 'YAML files, or names of shipped policies')
    .addHelpText(
      'after',
      `
Examples:
  assay policy check policies/*.yaml
  assay policy check acme.yaml

Exit codes: 0 nothing is wrong, 1 it can be used and makes no sense somewhere, 2 it cannot be used. Each line names file,
line and column.
`,
    )
    .action(async (files: string[]) => {
      const { runCheck } = await import('./check.ts');
      await runCheck(files, shell);
    });
}

function registerTest(policy: Command, shell: Shell): void {
  policy
    .command('test')
    .summary('run the cases of policies')
    .description('Runs the cases of *.test.yaml files: each is a clean model of one file, and what it says otherwise.')
    .argument('<path...>', 'files of cases, or folders that hold them')
    .option('-v, --verbose', 'list every case', false)
    .addHelpText(
      'after',
      `
A file acme.test.yaml is for acme.yaml beside it, or for the one that it names (policy: strict).

  cases:
    - name: a pickle is denied
      assessment: { files: [{ path: model.pkl, format: pickle, verdict: suspicious }] }
      environment: { stage: production }       also: approvals, waivers, failOn, now
      expect: { action: deny, rules: [files.clean] }

Exit codes: 0 every case holds, 1 one does not, 2 a file cannot be used or holds no case.
`,
    )
    .action(async (paths: string[], flags: { verbose: boolean }) => {
      const { runTests } = await import('./run-cases.ts');
      await runTests(paths, flags.verbose, shell);
    });
}

function registerExplain(policy: Command, shell: Shell): void {
  const command = policy
    .command('explain')
    .summary('say why a policy decides as it does')
    .description(
      'Applies a policy to a report, and shows each rule, its value, its variables and the findings behind it.',
    )
    .option('--report <file>', 'what "assay scan --format json" wrote')
    .option('-p, --policy <name|file>', 'the policy', DEFAULT_POLICY)
    .option('--view', 'list everything that an expression can name', false)
    .addOption(new Option('-f, --format <format>', 'how to print').choices(['table', 'json']).default('table'))
    .option('--no-color', 'never colour');
  addEnvironmentOptions(command)
    .addHelpText(
      'after',
      `
Waivers of the report are judged again, as of today; approvals are not part of a report.

Examples:
  assay policy explain --view
  assay scan ./model --format json -o report.json; assay policy explain --report report.json --policy production

Exit codes: 0 allowed (warnings included), 1 denied, 2 could not complete.
`,
    )
    .action(async (flags: ExplainFlags) => {
      if (flags.view === (flags.report !== undefined)) {
        throw new AssayError('usage', flags.view ? 'takes no report' : 'has nothing to explain', {
          subject: flags.view ? '--view' : 'policy explain',
          hint: 'give --report FILE, or --view',
        });
      }
      const { runExplain, runView } = await import('./explain.ts');
      if (flags.view) runView(flags, shell);
      else await runExplain(flags.report ?? '', flags, shell);
    });
}
