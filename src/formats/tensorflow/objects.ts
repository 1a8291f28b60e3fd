/** An object that another one holds, by the name that it has there. */
export interface ObjectChild {
  readonly name: string;
  readonly node: number;
}

/** What a saved object is, as far as it is looked at (saved_object_graph.proto). */
export type SavedObjectKind =
  | { readonly is: 'variable' }
  /** The function of the graph that it is. */
  | { readonly is: 'function'; readonly name: string }
  /** The operation of the graph whose value it is. */
  | { readonly is: 'constant'; readonly operation: string }
  /** A table or an iterator, which functions of its own make and fill. */
  | { readonly is: 'resource' }
  | { readonly is: 'other' };

export interface SavedObject {
  readonly kind: SavedObjectKind;
  readonly children: readonly ObjectChild[];
  /** Variables that an optimizer keeps beside others, which are restored in another way. */
  readonly slots: readonly number[];
  /** Whether functions of its own restore it. */
  readonly restoresItself: boolean;
}

/** The objects that Python's loader makes of a SavedModel, from the root, which is the first one. */
export interface SavedObjects {
  readonly nodes: readonly SavedObject[];
  /** The objects that each function takes behind its arguments, by the names of functions. */
  readonly bound: ReadonlyMap<string, readonly number[]>;
}

/** The objects of a checkpoint (trackable_object_graph.proto): what they hold, and the keys of their saved values by names. */
export interface CheckpointObject {
  readonly children: readonly ObjectChild[];
  readonly keys: readonly (readonly [name: string, key: string])[];
  readonly restoresItself: boolean;
}
