import type { Severity } from '../../../src/core/assessment/index.ts';
import type { Shown } from '../outcome.ts';
import { type Level, SHOWN_OF_A_LEVEL, type Workflow } from '../workflow.ts';

const LEVELS: Readonly<Record<Severity, Level>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'notice',
  info: 'notice',
};
const NAMES: Readonly<Record<Level, string>> = { error: 'errors', warning: 'warnings', notice: 'notices' };

/** Annotates the worst of each level; GitHub drops what is more than ten, so the last one counts the others. */
export function annotate(all: readonly Shown[], workflow: Workflow): void {
  for (const level of ['error', 'warning', 'notice'] as const) {
    const own = all.filter(({ severity }) => LEVELS[severity] === level);
    const room = own.length > SHOWN_OF_A_LEVEL ? SHOWN_OF_A_LEVEL - 1 : own.length;
    for (const { ruleId, message, file, line, within } of own.slice(0, room)) {
      const text = within === undefined ? message : `${within}: ${message}`;
      workflow.annotate({
        level,
        title: `Assay: ${ruleId}`,
        message: text,
        file,
        ...(line === undefined ? {} : { line }),
      });
    }
    if (own.length > room) {
      workflow.annotate({
        level,
        title: 'Assay',
        message: `and ${own.length - room} more ${NAMES[level]}: see the summary of the job`,
      });
    }
  }
}
