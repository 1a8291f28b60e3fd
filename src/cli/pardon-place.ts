import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { AssayError } from '../core/errors.ts';
import { parseReference } from '../core/reference.ts';
import { SHIPPED_POLICIES } from '../policy/shipped.ts';
import type { Pardons } from './waiver-options.ts';

/** Where else a pardon may come from. */
interface Configuration {
  readonly policy: string;
  readonly allow: string | undefined;
  readonly trust: { readonly trust?: string };
}

/** Every file that pardons, as the command line and the environment name them. A policy may be a name, which is no file. */
export function pardonFiles(configuration: Configuration, pardons: Pardons, env: NodeJS.ProcessEnv): PardonFile[] {
  const { policy, allow, trust } = configuration;
  const trustPath = trust.trust ?? env.ASSAY_TRUST ?? '';
  const waivers = pardons.files.map((path) => ({ option: '--waivers', path }));
  const others = [
    { option: '--policy', path: SHIPPED_POLICIES.some(({ name }) => name === policy) ? '' : policy },
    { option: '--allow', path: allow ?? '' },
    { option: '--trust', path: trustPath },
  ];
  return [...waivers, ...others.filter(({ path }) => path !== '')];
}

/** A file that pardons, and the option that names it. */
export interface PardonFile {
  readonly option: string;
  readonly path: string;
}

/**
 * A pardon never comes from what it pardons: whoever writes the model would write it, too. Links are followed.
 * @throws AssayError `usage`
 */
export async function refusePardonsFrom(ref: string, files: readonly PardonFile[]): Promise<void> {
  if (files.length === 0 || parseReference(ref).kind !== 'path') return;
  const artifact = await realpathOf(ref);
  if (artifact === undefined) return;
  const inside = artifact.endsWith(sep) ? artifact : `${artifact}${sep}`;
  for (const { option, path } of files) {
    const real = await realpathOf(path);
    if (real === undefined || (real !== artifact && !real.startsWith(inside))) continue;
    throw new AssayError('usage', 'lies in what is scanned, and a pardon never comes from the model itself', {
      subject: `${option} ${path}`,
      mend: 'keep it outside of the model',
    });
  }
}

/** What is not there is for its reader to say. */
async function realpathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}
