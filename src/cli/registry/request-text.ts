import type { Transition, Version } from '../../registry/index.ts';
import { jsonText, terminalText } from '../../report/index.ts';
import type { Shell } from '../terminal/index.ts';
import { neededText } from './approved-text.ts';
import { labelOf } from './requests.ts';

/** How a wish stands, and where its version. */
export function printWish(shell: Shell, wish: Transition, version: Version, format: 'table' | 'json'): void {
  if (format === 'json') {
    shell.stdout.write(`${jsonText({ schemaVersion: '1', transition: wish, version }, 2)}\n`);
    return;
  }
  const label = terminalText(labelOf(version));
  const what =
    wish.state === 'open'
      ? `is asked for ${wish.to}, by ${terminalText(wish.requestedBy)}; needed: ${neededText(wish)}`
      : `stands at ${version.stage}: the wish for ${wish.to} is ${wish.state}`;
  shell.stdout.write(`${label} ${what}\n`);
}
