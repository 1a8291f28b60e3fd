/** A node of a graph, as far as it is judged. */
export interface NodeFacts {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** Functions that its attributes name. */
  readonly functions: readonly string[];
  /** Texts among its attributes that a contract looks at; undefined for one that is too long to be kept. */
  readonly texts: ReadonlyMap<string, string | undefined>;
  /** Texts of a constant; undefined when they are not all at hand. */
  readonly constant: readonly string[] | undefined;
  /** An attribute that no operator of the list has. */
  readonly strange: string | undefined;
  readonly offset: number;
}

/** The main graph, or a function: nodes by name, and for a function its arguments. */
export interface GraphScope {
  /** Empty for the main graph. */
  readonly name: string;
  readonly arguments: readonly string[];
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  /** Nodes that a function returns or runs for their effects; all nodes of the main graph can be asked for. */
  readonly results: readonly string[];
}

/** A graph with its functions, and what a MetaGraphDef says of how it is loaded. */
export interface TensorflowGraph {
  readonly main: GraphScope;
  readonly functions: ReadonlyMap<string, GraphScope>;
  readonly isMetaGraph: boolean;
  /** The node that the loader feeds the path of variables to, and the one that restores them. */
  readonly saverPath: string | undefined;
  readonly restore: readonly string[];
  /** Nodes that run when the model is loaded. */
  readonly initial: readonly string[];
  /** Nodes that signatures take and give. */
  readonly signatureInputs: ReadonlySet<string>;
  readonly signatureOutputs: readonly string[];
  /** Nodes that the loader feeds the path of an asset to. */
  readonly assets: ReadonlySet<string>;
}

/** `node` of `^node`, `node:0` and `node:output:0`. */
export function nodeName(input: string): string {
  const from = input.startsWith('^') ? 1 : 0;
  const colon = input.indexOf(':');
  return colon < 0 ? input.slice(from) : input.slice(from, colon);
}

/** The inputs that carry tensors, in order. */
export function tensorInputs({ inputs }: NodeFacts): readonly string[] {
  return inputs.filter((input) => !input.startsWith('^'));
}

/** How a place is named in messages. */
export function nodePlace(scope: GraphScope, node: NodeFacts): string {
  const shown = JSON.stringify(node.name.slice(0, 80));
  return scope.name === ''
    ? `the node ${shown}`
    : `the node ${shown} of the function ${JSON.stringify(scope.name.slice(0, 80))}`;
}
