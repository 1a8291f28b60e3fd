import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AssayError, isAssayError } from '../../../core/index.ts';
import { CASE_GUIDE, type ReadCases, readCases, runCase } from '../../../policy/cases/index.ts';
import {
  type CompiledPolicy,
  isProblems,
  loadPolicy,
  problemError,
  readPolicyFile,
  SHIPPED_POLICIES,
} from '../../../policy/index.ts';
import { count, terminalText } from '../../../report/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { CASES_SUFFIX } from './file.ts';

/** CWE-770: a tree that holds more is not a folder of policies. */
const MAX_FILES = 1_000;

interface Tally {
  readonly cases: number;
  readonly failed: number;
}

/** Runs every case of every file, prints those that do not hold and the counts, and records the exit code. */
export async function runTests(paths: readonly string[], verbose: boolean, shell: Shell): Promise<void> {
  const files = (await Promise.all(paths.map(casesAt))).flat();
  const tallies: Tally[] = [];
  for (const file of files) tallies.push(await runFile(file, verbose, shell));
  const cases = tallies.reduce((sum, tally) => sum + tally.cases, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  shell.stdout.write(`${count(files.length, 'file')}: ${cases - failed} passed, ${failed} failed\n`);
  if (failed > 0) shell.exit(1);
}

/** @throws AssayError `not-found`, `usage` for a folder without cases. */
async function casesAt(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new AssayError('not-found', 'no such file or folder', { subject: path, hint: 'check the path' });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && CASES_SUFFIX.test(entry.name));
  if (files.length > 0 && files.length <= MAX_FILES)
    return files.map((file) => join(file.parentPath, file.name)).sort();
  throw new AssayError(
    'usage',
    files.length === 0 ? 'contains no *.test.yaml' : `contains more than ${MAX_FILES} test files`,
    {
      subject: path,
      hint: 'name the test files, or their folder',
    },
  );
}

async function runFile(file: string, verbose: boolean, shell: Shell): Promise<Tally> {
  const read = readCases(await readPolicyFile(file));
  if (isProblems(read)) throw problemError(file, read, CASE_GUIDE);
  const policy = await policyFor(file, read);
  let failed = 0;
  for (const one of read.cases) {
    const { name, at, failure } = runCase(policy, one);
    if (failure === undefined) {
      if (verbose) shell.stdout.write(`  passed  ${terminalText(name)}\n`);
      continue;
    }
    failed++;
    shell.stdout.write(
      `${terminalText(file)}:${at.line}:${at.column}: ${terminalText(name)}: ${terminalText(failure)}\n`,
    );
  }
  const passed = read.cases.length - failed;
  shell.stdout.write(`${terminalText(file)}: ${passed} passed, ${failed} failed\n`);
  return { cases: read.cases.length, failed };
}

/** The policy that a file of cases names, or the one beside it. */
async function policyFor(file: string, { policy }: ReadCases): Promise<CompiledPolicy> {
  if (policy !== undefined && SHIPPED_POLICIES.some(({ name }) => name === policy)) return loadPolicy(policy);
  const named = policy ?? basename(file).replace(CASES_SUFFIX, '.yaml');
  const path = join(dirname(file), named);
  try {
    return await loadPolicy(path);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'not-found') throw error;
    throw new AssayError('not-found', `tests ${path}, which does not exist`, {
      subject: file,
      hint: 'name its policy, as in policy: strict',
      cause: error,
    });
  }
}
