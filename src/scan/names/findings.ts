import { type Finding, fingerprint } from '../../core/assessment/index.ts';
import { isCommit, isRepoName } from '../../core/reference/index.ts';
import type { Rule } from '../scanner/index.ts';
import { lookAlike } from './look-alike.ts';
import { LOOK_ALIKE, UNPINNED_BASE, UNPINNED_CARD } from './rules.ts';

/** A repository of the Hub that a file names, or that the artifact is. */
export interface NamedRepository {
  /** The file that names it. */
  readonly path: string;
  /** `owner/model`, or `owner/model@revision`. */
  readonly name: string;
  /** `own`: the artifact itself; `code`: loaders fetch code there. */
  readonly as: 'own' | 'base' | 'code';
}

const MAX_FINDINGS = 50;

/** What the names of repositories say: those that look like others, and those that no commit pins. */
export function nameFindings(named: readonly NamedRepository[], knownOwners: readonly string[] = []): Finding[] {
  const findings = named.flatMap(({ path, name, as }) => {
    const [repo = '', revision] = name.split('@', 2);
    const [owner = '', model] = repo.split('/', 2);
    if (model === undefined || repo.length > 200) return [];
    const like = lookAlike(owner, knownOwners);
    const alike = `${as === 'own' ? 'The artifact is of' : 'Names a repository of'} ${printable(owner)}, which looks like ${like}.`;
    return [
      ...(like === undefined ? [] : [finding(LOOK_ALIKE, path, alike, owner)]),
      ...(as === 'base' ? unpinned(path, repo, revision) : []),
    ];
  });
  return [...new Map(findings.map((one) => [one.fingerprint, one])).values()].slice(0, MAX_FINDINGS);
}

function unpinned(path: string, repo: string, revision: string | undefined): Finding[] {
  if (!isRepoName(repo) || (revision !== undefined && isCommit(revision))) return [];
  const isCard = path.endsWith('.md');
  const how = revision === undefined ? 'without a commit' : `at ${printable(revision)}, which can move`;
  const pinned = isCard ? `${repo}@<commit>` : '"revision": "<commit>"';
  const message = `Names the base model ${repo} ${how}; pinned, it is ${pinned}.`;
  return [finding(isCard ? UNPINNED_CARD : UNPINNED_BASE, path, message, repo)];
}

/** Letters of other scripts are what the finding is about: they are shown by their numbers too. */
function printable(text: string): string {
  const strange = [...text].filter((one) => (one.codePointAt(0) ?? 0) > 0x7e);
  const codes = strange.map((one) => `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
  return strange.length === 0 ? text : `${text} (with ${[...new Set(codes)].slice(0, 5).join(', ')})`;
}

function finding(rule: Rule, file: string, message: string, subject: string): Finding {
  const { id: ruleId, severity, owasp, atlas, cwe } = rule;
  return {
    ruleId,
    severity,
    message,
    file,
    evidence: subject,
    owasp,
    atlas,
    cwe,
    fingerprint: fingerprint(ruleId, file, undefined, subject),
  };
}
