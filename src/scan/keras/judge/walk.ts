import type { KerasLists, Kind } from './classes.ts';
import type { KerasNode } from './document.ts';
import type { Findings, KerasContext } from './findings.ts';

/** Where an object may stand: kinds of objects, or anywhere. */
export type KindsHere = readonly Kind[] | undefined;

/** What judges of single objects are given: the lists, where findings go, and how to go on with what an object holds. */
export interface Walk {
  readonly lists: KerasLists;
  readonly findings: Findings;
  readonly context: KerasContext;
  /** The two largest numbers of units, filters or words of all layers: two layers side by side have as many weights as their product. */
  readonly widths: [number, number];
  /** An object with a name that only Keras gives a meaning. */
  noteKeras(node: KerasNode): void;
  /** Every value below a node. @param place the kinds of objects that may stand here */
  walk(node: KerasNode, place: KindsHere, path: string): void;
}
