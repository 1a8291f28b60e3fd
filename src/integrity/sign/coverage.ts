/** What the reference implementation of OMS leaves out of every model, at the top of its folder. */
const GIT_PATHS = ['.git', '.gitattributes', '.github', '.gitignore'] as const;
/** Left out even when everything is to be covered: the .git folder. */
const GIT_STORE = ['.git'] as const;
/** No loader reads them. */
const GIT_FILES: ReadonlySet<string> = new Set(['.gitattributes', '.gitignore']);

export interface CoverageRules {
  /** Files and folders to leave out, relative to the root, `/` between parts. */
  readonly ignore: readonly string[];
  /** Where the signature will be, relative to the root, when it lies within. */
  readonly signature?: string;
  /** Cover `.github`, `.gitattributes` and `.gitignore`, too. */
  readonly everything: boolean;
}

export interface SignatureCoverage<File> {
  readonly covered: readonly File[];
  /** Left out because the caller requested it. */
  readonly ignored: readonly File[];
  /** Left out by the rules of the reference implementation: the signature does not cover them, and a loader may read them. */
  readonly uncovered: readonly File[];
  /** For the statement, in its order. */
  readonly ignorePaths: readonly string[];
}

/** Which files of a folder a signature covers. The signature itself is in none of the lists. */
export function coverageOf<File extends { readonly path: string }>(
  files: readonly File[],
  rules: CoverageRules,
): SignatureCoverage<File> {
  const own = rules.signature === undefined ? [] : [rules.signature];
  const git = rules.everything ? GIT_STORE : GIT_PATHS;
  const covered: File[] = [];
  const ignored: File[] = [];
  const uncovered: File[] = [];
  for (const file of files) {
    if (isUnder(file.path, own)) continue;
    if (isUnder(file.path, rules.ignore)) ignored.push(file);
    else if (!isUnder(file.path, git)) covered.push(file);
    else if (!isUnder(file.path, GIT_STORE) && !GIT_FILES.has(file.path)) uncovered.push(file);
  }
  return { covered, ignored, uncovered, ignorePaths: [...new Set([...rules.ignore, ...own, ...git])] };
}

/** Whether a path is one of these, or within one. */
export function isUnder(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
