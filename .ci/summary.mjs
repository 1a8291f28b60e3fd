// Adds up the reports of all test runs: the slowest files, what failed and a line for each run, then one line that other programs
// read. Failures are told once more at the end, since whoever reads a long log may see only its last lines.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const SLOWEST = 10;
const MESSAGE_LINES = 12;

const folder = process.argv[2];
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder).sort()) {
  const run = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const failedFiles = run.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = run.numFailedTests + failedFiles;
  tellSlowest(run);
  tellFailed(run);
  console.log(`${name.replace('.json', '')}: ${run.numPassedTests} passed, ${failed} failed, ${run.numPendingTests} skipped`);
  totals.passed += run.numPassedTests;
  totals.failed += failed;
  totals.skipped += run.numPendingTests;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);

function tellSlowest({ testResults }) {
  const taken = testResults.map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }));
  for (const { name, seconds } of taken.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST))
    console.log(`${seconds.toFixed(1).padStart(8)} s  ${relative(process.cwd(), name)}`);
}

function tellFailed({ testResults }) {
  for (const { name, message, assertionResults } of testResults.filter((file) => file.status === 'failed')) {
    const file = relative(process.cwd(), name);
    if (assertionResults.length === 0) tell(file, message);
    for (const test of assertionResults.filter((one) => one.status === 'failed'))
      tell(`${file} > ${[...test.ancestorTitles, test.title].join(' > ')}`, test.failureMessages.join('\n'));
  }
}

function tell(what, message) {
  console.log(`  FAILED ${what}`);
  for (const line of message.split('\n').slice(0, MESSAGE_LINES)) console.log(`    ${line}`);
}
