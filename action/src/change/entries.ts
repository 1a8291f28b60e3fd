import type { Finding } from '../../../src/core/assessment/index.ts';
import { CHANGE_RULES } from '../../../src/scan/rules/index.ts';
import { type TreeChange, type TreeEntry, treeChanges } from '../git/index.ts';
import type { Checkout, Checkouts } from './checkout.ts';
import { changeFinding } from './finding.ts';

/** One file that differs, under its path in the repository that is judged, and the checkout that it is in. */
export interface PlacedChange extends TreeChange {
  readonly checkout: Checkout;
}

/** CWE-770: submodules of one change, and how deep they lie in each other. */
const MAX_SUBMODULES = 100;
const MAX_DEPTH = 4;

/** All that differs, with what differs in submodules that are checked out. */
export interface ExpandedChanges {
  readonly changes: readonly PlacedChange[];
  readonly checkouts: readonly Checkout[];
  /** Submodules that are not there. */
  readonly findings: readonly Finding[];
}

/** @param base `undefined`: all of the checkout's tree counts as added */
export async function expandedChanges(
  root: Checkout,
  commits: { readonly base: string | undefined; readonly head: string },
  isWanted: (path: string) => boolean,
  checkouts: Checkouts,
): Promise<ExpandedChanges> {
  const changes: PlacedChange[] = [];
  const findings: Finding[] = [];
  const opened: Checkout[] = [root];
  const add = async (checkout: Checkout, base: string | undefined, head: string, depth: number): Promise<void> => {
    for (const change of await placedChanges(checkout, base, head)) {
      changes.push(change);
      if (change.kind !== 'submodule' || change.how === 'deleted' || !isWanted(change.path)) continue;
      const room = opened.length <= MAX_SUBMODULES && depth < MAX_DEPTH;
      const git = room ? await checkouts.submodule(change.path, change.oid) : undefined;
      if (git === undefined) {
        findings.push(submoduleFinding(change));
        continue;
      }
      const inner = await checkouts.open(git, change.oid, `${change.path}/`);
      opened.push(inner);
      const { before } = change;
      const isKnown = before?.kind === 'submodule' && (await git.hasCommit(before.oid));
      await add(inner, isKnown ? before.oid : undefined, change.oid, depth + 1);
    }
  };
  await add(root, commits.base, commits.head, 0);
  return { changes, checkouts: opened, findings };
}

async function placedChanges(
  checkout: Checkout,
  base: string | undefined,
  head: string,
): Promise<readonly PlacedChange[]> {
  const { git, prefix, tree } = checkout;
  if (base === undefined)
    return tree.map((entry: TreeEntry) => ({ ...entry, how: 'added', before: undefined, checkout }));
  return (await treeChanges(git, base, head)).map((change) => ({
    ...change,
    path: prefix + change.path,
    before: change.before === undefined ? undefined : { ...change.before, path: prefix + change.before.path },
    checkout,
  }));
}

function submoduleFinding({ path, oid }: TreeChange): Finding {
  const message = `${path} is a submodule at commit ${oid}, which is not in the checkout: the models in it were not scanned. Set submodules: recursive for actions/checkout.`;
  return changeFinding(CHANGE_RULES.submodule, path, message, oid);
}
