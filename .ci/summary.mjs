// Adds up the reports of all test runs: a line a run, then one that other programs read.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder).sort()) {
  const run = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const failedFiles = run.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = run.numFailedTests + failedFiles;
  console.log(`${name.replace('.json', '')}: ${run.numPassedTests} passed, ${failed} failed, ${run.numPendingTests} skipped`);
  totals.passed += run.numPassedTests;
  totals.failed += failed;
  totals.skipped += run.numPendingTests;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
