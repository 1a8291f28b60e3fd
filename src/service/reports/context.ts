import { version } from '../../core/index.ts';
import { formatTitles } from '../../pipeline/index.ts';
import type { ReportContext } from '../../report/index.ts';
import { RULES } from '../../scan/rules/index.ts';

let context: ReportContext | undefined;

/** Further input of reports, beyond the artifact. */
export function reportContext(): ReportContext {
  context ??= { rules: RULES, formats: formatTitles(), version: version(), coverage: false };
  return context;
}
