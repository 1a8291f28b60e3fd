#!/usr/bin/env node
import { version } from '../core/package/index.ts';
import { startEarly } from '../pipeline/early/index.ts';
import { endWhenUnwritten } from './unwritten.ts';

/** The verbs that parse models. */
const PARSING: ReadonlySet<string> = new Set(['scan', 'review']);

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  endWhenUnwritten();
  process.stdout.write(`${version()}\n`);
} else {
  // Its code loads beside that of the command line.
  if (PARSING.has(args[0] ?? '') && !args.includes('--help') && !args.includes('-h')) startEarly();
  const { runCommandLine } = await import('./run.ts');
  await runCommandLine(args);
}
