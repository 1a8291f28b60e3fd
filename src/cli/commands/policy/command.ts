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
    match:                                     the policy denies other models; leave it out for all
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
        when: source.kind == 'hf'              evaluated only if true
        expression: declared.licences.exists(l, l in ['mit', 'apache-2.0'])
        message: no licence that we know
        findings: findings.filter(f, f.ruleId.startsWith('hub.'))   the findings behind the rule, if the rule does not name them

A rule that cannot be evaluated denies. One that asks for what this version cannot produce denies as "unavailable".
Shipped: ${SHIPPED_POLICIES.map(({ name }) => name).join(', ')}; examples lie beside them in policies/examples.
`;

export function registerPolicy(program: Command, shell: Shell): void {
  const policy = program
    .command('policy')
    .summary('check, test and explain policies')
    .description('Checks policies, runs their tests, and explains a decision.')
    .addHelpText('after', GUIDE);
  registerCheck(policy, shell);
  registerTest(policy, shell);
  registerExplain(policy, shell);
}

function registerCheck(policy: Command, shell: Shell): void {
  policy
    .command('check')
    .summary('find errors in policies')
    .description('Finds unknown fields, wrong types, words that a field never holds, and rules that can never fire.')
    .argument('<file...>', 'YAML files, or names of shipped policies')
    .addHelpText(
      'after',
      `
Examples:
  assay policy check policies/*.yaml
  assay policy check acme.yaml

Exit codes: 0 no problems, 1 usable with problems, 2 not usable. Each line names file,
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
    .summary('run the test cases of policies')
    .description(
      'Runs the test cases of *.test.yaml files: each describes how a model differs from a clean one of one file.',
    )
    .argument('<path...>', 'test files, or folders that contain them')
    .option('-v, --verbose', 'list every case', false)
    .addHelpText(
      'after',
      `
A file acme.test.yaml tests acme.yaml beside it, or the policy that it names (policy: strict).

  cases:
    - name: a pickle is denied
      assessment: { files: [{ path: model.pkl, format: pickle, verdict: suspicious }] }
      environment: { stage: production }       also: approvals, waivers, failOn, now
      expect: { action: deny, rules: [files.clean] }

Exit codes: 0 all cases pass, 1 a case fails, 2 a file cannot be used or contains no case.
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
    .summary('explain the decision of a policy')
    .description(
      'Applies a policy to a report, and shows each rule, its value, its variables and the findings behind it.',
    )
    .option('--report <file>', 'what "assay scan --format json" wrote')
    .option('-p, --policy <name|file>', 'the policy', DEFAULT_POLICY)
    .option('--view', 'list all fields that an expression can use', false)
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--no-color', 'disable colour');
  addEnvironmentOptions(command)
    .addHelpText(
      'after',
      `
Waivers of the report are applied again, as of today; approvals are not part of a report.

Examples:
  assay policy explain --view
  assay scan ./model --format json -o report.json; assay policy explain --report report.json --policy production

Exit codes: 0 allowed (warnings included), 1 denied, 2 could not complete.
`,
    )
    .action(async (flags: ExplainFlags) => {
      if (flags.view === (flags.report !== undefined)) {
        throw new AssayError('usage', flags.view ? 'has both a report and --view' : 'has no report to explain', {
          subject: flags.view ? '--view' : 'policy explain',
          hint: 'give --report FILE, or --view',
        });
      }
      const { runExplain, runView } = await import('./explain.ts');
      if (flags.view) runView(flags, shell);
      else await runExplain(flags.report ?? '', flags, shell);
    });
}
