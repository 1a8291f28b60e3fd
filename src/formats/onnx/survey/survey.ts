/** A contradiction or an oddity of the encoding, on which readers of the format may differ. */
export interface OnnxFault {
  readonly kind: 'duplicate' | 'unknown-field' | 'tensor' | 'attribute' | 'text' | 'number' | 'size';
  /** What it is about, for people and for fingerprints. */
  readonly subject: string;
  readonly message: string;
  readonly offset: number;
}

/** Nodes of one operator in one scope. */
export interface OperatorUse {
  /** The index of the function whose body they are in; -1 for graphs. */
  readonly scope: number;
  /** As the model writes it. */
  readonly domain: string;
  readonly name: string;
  count: number;
  /** The place of the first. */
  readonly offset: number;
}

/** A node of an operator that was asked for, with its short texts: an attribute's name and its value. */
export interface CustomNode {
  readonly domain: string;
  readonly name: string;
  readonly texts: readonly (readonly [name: string, value: string])[];
  readonly numbers: readonly (readonly [name: string, value: bigint])[];
  readonly offset: number;
}

export interface OpsetImport {
  readonly domain: string;
  readonly version: bigint;
}

export interface SurveyedFunction {
  readonly domain: string;
  readonly name: string;
  readonly opsets: readonly OpsetImport[];
  readonly offset: number;
}

/** The elements of a tensor that lie in another file. Every value that a key has is kept: readers differ on which counts. */
export interface ExternalTensor {
  readonly tensor: string;
  readonly locations: readonly string[];
  readonly offsets: readonly string[];
  readonly lengths: readonly string[];
  /** Bytes that type and dimensions need; undefined when they contradict themselves. */
  readonly bytes: number | undefined;
  /** The tensor does not say that its elements lie elsewhere: most readers look past the entries. */
  readonly ignored: boolean;
  readonly offset: number;
}

/** Text that a program other than the runtime may read: metadata, descriptions. */
export interface FreeText {
  readonly where: 'metadata' | 'description';
  readonly key: string;
  readonly value: string;
  readonly offset: number;
}

/** A text of a tensor or attribute that begins as a program or an archive does. */
export interface HiddenContent {
  readonly where: string;
  readonly what: string;
  readonly offset: number;
}

/** What an ONNX model holds that matters for loading it. Nothing is left out where readers differ: all readings are joined. */
export interface OnnxSurvey {
  irVersion: bigint | undefined;
  graphs: number;
  nodes: number;
  tensors: number;
  readonly opsets: OpsetImport[];
  readonly uses: Map<string, OperatorUse>;
  readonly functions: SurveyedFunction[];
  readonly custom: CustomNode[];
  readonly external: ExternalTensor[];
  readonly texts: FreeText[];
  readonly hidden: HiddenContent[];
  readonly faults: OnnxFault[];
  /** Element and attribute types that the format does not name. */
  readonly unknownTypes: Map<string, number>;
  /** What was too much to be kept; a survey with any is not complete. */
  readonly dropped: Set<string>;
  /** Ranges of raw elements, which were stepped over. */
  readonly raw: { start: number; end: number }[];
}

export function emptySurvey(): OnnxSurvey {
  return {
    irVersion: undefined,
    graphs: 0,
    nodes: 0,
    tensors: 0,
    opsets: [],
    uses: new Map(),
    functions: [],
    custom: [],
    external: [],
    texts: [],
    hidden: [],
    faults: [],
    unknownTypes: new Map(),
    dropped: new Set(),
    raw: [],
  };
}
