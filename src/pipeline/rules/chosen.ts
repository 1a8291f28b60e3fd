import type { RuleLists } from '../../scan/lists/index.ts';

/** The lists in which a scan looks names up, and notes about them for the report. */
export interface ChosenLists {
  readonly lists: RuleLists;
  readonly notes: readonly string[];
}
