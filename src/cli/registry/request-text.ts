import type { Transition, Version } from '../../registry/index.ts';
import { jsonText, terminalText } from '../../report/index.ts';
import type { Shell } from '../terminal/index.ts';
import { neededText } from './approved-text.ts';
import { versionLabel } from './requests.ts';

/** How a request stands, and where its version. */
export function printRequest(shell: Shell, request: Transition, version: Version, format: 'table' | 'json'): void {
  if (format === 'json') {
    shell.stdout.write(`${jsonText({ schemaVersion: '1', transition: request, version }, 2)}\n`);
    return;
  }
  const label = terminalText(versionLabel(version));
  const what =
    request.state === 'open'
      ? `is asked for ${request.to}, by ${terminalText(request.requestedBy)}; needed: ${neededText(request)}`
      : `stands at ${version.stage}: the request for ${request.to} is ${request.state}`;
  shell.stdout.write(`${label} ${what}\n`);
}
