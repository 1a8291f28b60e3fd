import { jsonText } from '../escape.ts';
import type { ReportDiff } from './diff.ts';

/** The comparison as an indented JSON document, ending in a newline. Text is as the reports have it, safe to print. */
export function renderDiffJson(diff: ReportDiff): string {
  return `${jsonText({ schemaVersion: '1', ...diff }, 2)}\n`;
}
