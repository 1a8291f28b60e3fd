// Adds up the reports of all test runs: the slowest files and a line for each run, then one line that other programs read.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const SLOWEST = 10;

const folder = process.argv[2];
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder).sort()) {
  const run = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const failedFiles = run.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = run.numFailedTests + failedFiles;
  tellSlowest(run);
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
