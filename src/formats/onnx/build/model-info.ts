import { AssayError, version } from '../../../core/index.ts';
import type { OnnxGraph, OnnxModel, OnnxOpset, OnnxProperty } from '../model.ts';

/** What a model says of itself. */
export interface ModelInfo {
  /** The model card, as text. */
  readonly card?: string;
  /** The digest of what it was made from: `sha256:...`. */
  readonly sourceDigest?: string;
  /** What made it; the version is Assay's. */
  readonly converter?: string;
  /** More properties; those with an undefined value are left out. */
  readonly metadata?: Readonly<Record<string, string | undefined>>;
}

const ML = 'ai.onnx.ml';
const DEFAULT_SETS: Readonly<Record<string, number>> = { '': 17, [ML]: 3 };
const LOWEST: Readonly<Record<string, number>> = { '': 17, [ML]: 3 };
/** The IR version that the first release with an operator set wrote (onnx.helper.VERSION_TABLE), from the newest. */
const IR_BY_STANDARD: readonly (readonly [opset: number, ir: number])[] = [
  [28, 14],
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [0, 8],
];
const IR_BY_ML: readonly (readonly [opset: number, ir: number])[] = [
  [5, 10],
  [4, 9],
  [0, 8],
];

/** The operator sets that a model may use, and those that it does. */
export interface OperatorSets {
  has(domain: string): boolean;
  use(domain: string): void;
  /** The sets that are used, and the standard one. */
  used(): readonly OnnxOpset[];
}

/** @param versions other versions, and other sets, than opset 17 and version 3 of `ai.onnx.ml` */
export function operatorSets(versions: Readonly<Record<string, number>>): OperatorSets {
  const known = new Map(Object.entries({ ...DEFAULT_SETS, ...versions }));
  for (const [domain, least] of Object.entries(LOWEST)) {
    if ((known.get(domain) ?? 0) < least) {
      throw new AssayError('internal', `version ${known.get(domain)} of the operator set "${domain}" is too old`);
    }
  }
  const used = new Set(['']);
  return {
    has: (domain) => known.has(domain),
    use: (domain) => void used.add(domain),
    used: () => [...used].sort().map((domain) => ({ domain, version: known.get(domain) ?? 0 })),
  };
}

export function modelOf(graph: OnnxGraph, sets: OperatorSets, info: ModelInfo): OnnxModel {
  const opsets = sets.used();
  const versionOf = (domain: string) => opsets.find((set) => set.domain === domain)?.version ?? 0;
  return {
    irVersion: Math.max(irOf(IR_BY_STANDARD, versionOf('')), irOf(IR_BY_ML, versionOf(ML))),
    opsets,
    producerName: 'assay',
    producerVersion: version(),
    domain: '',
    modelVersion: 0n,
    docString: '',
    metadata: properties(info),
    graph,
    functions: [],
    training: [],
  };
}

function irOf(table: typeof IR_BY_ML, opset: number): number {
  return table.find(([first]) => opset >= first)?.[1] ?? 8;
}

function properties({ card, sourceDigest, converter, metadata = {} }: ModelInfo): OnnxProperty[] {
  const all: Readonly<Record<string, string | undefined>> = {
    ...metadata,
    'assay.converter': converter,
    'assay.converter.version': converter === undefined ? undefined : version(),
    'assay.source.digest': sourceDigest,
    'assay.model-card': card,
  };
  return Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
}
