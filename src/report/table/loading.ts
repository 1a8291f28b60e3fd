import type { Assessment } from '../../core/assessment/index.ts';
import { safeGlobalsCode } from '../advice.ts';
import type { TextPage } from '../page.ts';
import type { TableOptions } from './options.ts';

/** Lines of Python printed unless verbose. */
const MAX_LINES = 30;

/** What `torch.load(weights_only=True)` must be told before it reads these files: exactly the globals they use. */
export function loadingBlock(page: TextPage, assessment: Assessment, options: TableOptions): void {
  const code = safeGlobalsCode(assessment);
  if (code.length === 0) return;
  page.gap();
  page.row(
    'TO LOAD',
    'torch.load(..., weights_only=True) loads these files if exactly these names are allowed:',
    undefined,
    'bold',
  );
  const shown = options.verbose ? code : code.slice(0, MAX_LINES);
  for (const line of shown) page.code(line);
  if (code.length > shown.length)
    page.row('', `and ${code.length - shown.length} more lines; --verbose prints all`, 'dim');
}
