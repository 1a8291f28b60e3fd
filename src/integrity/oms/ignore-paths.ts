import type { OmsManifest } from './manifest.ts';

/** Top-level files that configure git, and that no loader reads. */
const GIT_FILES: ReadonlySet<string> = new Set(['.gitignore', '.gitattributes']);

/** Whether the signer left the path out, itself or with a folder above it. */
export function isIgnored(path: string, { serialization }: OmsManifest): boolean {
  return serialization.ignorePaths.some((ignored) => {
    const folder = plain(ignored);
    return folder === '' || path === folder || path.startsWith(`${folder}/`);
  });
}

/**
 * Whether a file that was not signed may be passed over, if its content is git's: a `.git` file (of a worktree), and the two others where
 * the signer left them out.
 * Releases before 1.1 of the reference implementation listed no ignored path, whatever they left out.
 */
export function isLeftToGit(path: string, manifest: OmsManifest): boolean {
  if (path === '.git') return true;
  if (!GIT_FILES.has(path)) return false;
  return manifest.serialization.ignorePaths.length === 0 || isIgnored(path, manifest);
}

/** `./a/` is `a`, `.` is the whole model. */
function plain(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return path.startsWith('/') ? path : parts.join('/');
}
