import { terminalText } from '../../../report/index.ts';

/** What was written into the cache. */
export interface CachedCommit {
  readonly repo: string;
  readonly commit: string;
  readonly folder: string;
}

/** `revision=` stands alone on its line: scripts take it from there. */
export function loadLines({ repo, commit, folder }: CachedCommit, quiet: boolean): string {
  if (quiet) return `revision=${commit}\n`;
  return [
    '',
    `Written to ${terminalText(folder)}`,
    `revision=${commit}`,
    `Load it by that revision: AutoModel.from_pretrained("${repo}", revision="${commit}")`,
    '',
  ].join('\n');
}

/** The environment with the cache that was asked for. */
export function cacheEnv(env: NodeJS.ProcessEnv, cache: string | undefined): NodeJS.ProcessEnv {
  return cache === undefined ? env : { ...env, HF_HUB_CACHE: cache };
}
