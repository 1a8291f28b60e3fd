import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { AssayError, isFileMissing, systemCode } from '../../core/index.ts';
import { BUILT_IN_LISTS } from '../../scan/lists/index.ts';
import type { ChosenLists } from './chosen.ts';

export const RULESET_CHOICES = ['installed', 'builtin'] as const;
export type RulesetChoice = (typeof RULESET_CHOICES)[number];

/**
 * The place of installed rules: in `$ASSAY_HOME`, else in the data folder of the XDG conventions. @throws AssayError `usage`
 * for a relative path, since the working folder may be a model
 */
export function rulesPath(env: NodeJS.ProcessEnv): string {
  const { ASSAY_HOME = '', XDG_DATA_HOME = '', HOME = '' } = env;
  if (ASSAY_HOME !== '' && !isAbsolute(ASSAY_HOME)) {
    throw new AssayError('usage', 'is not an absolute path', { subject: 'ASSAY_HOME', hint: 'give an absolute path' });
  }
  const data = XDG_DATA_HOME.startsWith('/') ? XDG_DATA_HOME : join(HOME === '' ? homedir() : HOME, '.local', 'share');
  return join(ASSAY_HOME === '' ? join(data, 'assay') : ASSAY_HOME, 'rules.json');
}

/**
 * The installed rules, verified again; those of this program when none are installed. The check costs one look-up of a path.
 * @throws AssayError `mismatch`, `usage`, `malformed`, `unreadable` for installed rules that cannot be used
 */
export async function chosenLists(choice: RulesetChoice, env: NodeJS.ProcessEnv): Promise<ChosenLists> {
  if (choice === 'builtin') return { lists: BUILT_IN_LISTS, notes: [] };
  const path = rulesPath(env);
  try {
    await stat(path);
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    if (isFileMissing(cause)) return { lists: BUILT_IN_LISTS, notes: [] };
    // Rules in the home folder of another user are not used.
    if (code === 'EACCES') {
      return { lists: BUILT_IN_LISTS, notes: [`the installed rules cannot be found: ${path} cannot be read`] };
    }
    throw new AssayError('unreadable', `cannot be read (${code})`, {
      subject: path,
      hint: 'check its permissions, or scan with --ruleset builtin',
      cause,
    });
  }
  const { installedLists } = await import('./installed.ts');
  return installedLists(path, new Date());
}
