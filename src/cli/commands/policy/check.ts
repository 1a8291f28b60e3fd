import { isAssayError } from '../../../core/index.ts';
import { knownWords } from '../../../pipeline/index.ts';
import { readCases } from '../../../policy/cases/index.ts';
import { isProblems, lintPolicy, type PolicyProblem, readPolicy } from '../../../policy/index.ts';
import { count, terminalText } from '../../../report/index.ts';
import { type ExitCode, graver, printError, type Shell } from '../../terminal/index.ts';
import { CASES_SUFFIX, inOrder, policyBytes, problemLine } from './file.ts';

/** Checks each policy, prints what is wrong, and records the exit code. A file that cannot be read does not stop the others. */
export async function runCheck(names: readonly string[], shell: Shell): Promise<void> {
  let outcome: ExitCode = 0;
  for (const name of names) {
    try {
      // An invalid policy outranks a questionable one.
      const found = await checkOne(name, shell);
      outcome = outcome === 2 || found === 2 ? 2 : graver(outcome, found);
    } catch (error) {
      if (names.length === 1 || !isAssayError(error)) throw error;
      printError(shell, error);
      outcome = 2;
    }
  }
  shell.exit(outcome);
}

async function checkOne(name: string, shell: Shell): Promise<ExitCode> {
  const { bytes, file } = await policyBytes(name);
  if (CASES_SUFFIX.test(file)) return checkCases(bytes, file, shell);
  const read = readPolicy(bytes);
  if (isProblems(read)) return refused(read, file, shell);
  const { warnings, notes } = lintPolicy(read, knownWords());
  for (const problem of inOrder(warnings)) shell.stdout.write(problemLine(file, 'warning', problem));
  for (const problem of inOrder(notes)) shell.stdout.write(problemLine(file, 'note', problem));
  if (warnings.length > 0) return 1;
  const size = `${count(read.rules.length, 'rule')}, ${count(read.variables.size, 'variable')}`;
  shell.stdout.write(`${terminalText(file)}: ${read.name} is sound (${size}, ${read.digest})\n`);
  return 0;
}

/** `policies/*.yaml` names files of cases as well. */
function checkCases(bytes: Uint8Array, file: string, shell: Shell): ExitCode {
  const read = readCases(bytes);
  if (isProblems(read)) return refused(read, file, shell);
  shell.stdout.write(`${terminalText(file)}: ${count(read.cases.length, 'case')}, for assay policy test\n`);
  return 0;
}

function refused(problems: readonly PolicyProblem[], file: string, shell: Shell): ExitCode {
  for (const problem of inOrder(problems)) shell.stdout.write(problemLine(file, 'error', problem));
  return 2;
}
