import { FIELDS, POD_SPECS } from '../../../src/workload/table/index.ts';

/** Every kind of the tables, by group: what is asked for. */
export const AUDITED_KINDS: ReadonlyMap<string, ReadonlySet<string>> = byGroup();

function byGroup(): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const { group, kinds } of [...POD_SPECS, ...FIELDS]) {
    const known = groups.get(group) ?? new Set();
    for (const kind of kinds) known.add(kind);
    groups.set(group, known);
  }
  return groups;
}
