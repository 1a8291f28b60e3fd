import { AssayError, quotedName } from '../../../core/index.ts';
import type { TestContext, TestData } from '../kind.ts';
import { keptRows, rowDigests } from '../rows.ts';

/** Rows that the model was trained on, and others like them. */
export interface Groups {
  readonly members: TestData;
  readonly others: TestData;
}

/**
 * @param name of the data that are not members
 * @param most rows of each
 * @throws AssayError `usage` for the same data twice, and others of which every one is a member
 */
export function groupsOf(
  { data, others: named }: Pick<TestContext, 'data' | 'others'>,
  name: string,
  most: number,
): { readonly groups: Groups; readonly notes: readonly string[] } {
  const others = named.get('non-members');
  if (others === undefined) throw new AssayError('internal', 'the rows that are not members are missing');
  if (name === data.name)
    throw new AssayError('usage', `${quotedName(name)} is both the members and those that are not`, {
      hint: 'give rows that the model was not trained on: non-members: <data>',
    });
  // A row that the model was trained on is a member, in whatever file it stands.
  const known = new Set(rowDigests(data.feeds));
  const outside = rowDigests(others.feeds).map((digest) => !known.has(digest));
  const left = outside.filter((own) => !own).length;
  if (left === outside.length)
    throw new AssayError('usage', `every row of ${quotedName(name)} is one of ${quotedName(data.name)}`, {
      hint: 'give rows that the model was not trained on: non-members: <data>',
    });
  const kept = keptRows(others, (row) => outside[row] === true);
  return {
    groups: { members: keptRows(data, (row) => row < most), others: keptRows(kept, (row) => row < most) },
    notes: left === 0 ? [] : [`${left} rows of ${quotedName(name)} are members, and are left out`],
  };
}
