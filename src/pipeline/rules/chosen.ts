import type { RuleLists } from '../../scan/lists/index.ts';

/** What a scan looks names up in, and what the reader of its report should know about that. */
export interface ChosenLists {
  readonly lists: RuleLists;
  readonly notes: readonly string[];
}
