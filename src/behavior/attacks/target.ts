import type { BlockedNode } from '../gradient/index.ts';
import type { AttackRandoms } from './random.ts';

/** A loss that an attack raises. */
export type AttackLoss = 'cross-entropy' | 'margin' | 'dlr' | 'targeted-dlr' | 'targeted-margin';

/** Those that need no class to drive a row to. */
export type UntargetedLoss = Exclude<AttackLoss, 'targeted-dlr' | 'targeted-margin'>;

/** Rows of a run, one after another. */
export interface GradientRequest {
  readonly inputs: Float32Array;
  readonly loss: AttackLoss;
  readonly classes: Int32Array;
  /** The class that each row is driven to, for a targeted loss. */
  readonly aims?: Int32Array;
}

export interface GradientAnswer {
  readonly scores: Float32Array;
  /** Of each row. */
  readonly loss: Float32Array;
  readonly gradient: Float32Array;
  /** Nodes that hide what goes through them from the gradient. */
  readonly blocked?: readonly BlockedNode[];
}

/** Steps along the sign of the gradient of a loss, each back into the box of its row. */
export interface WalkRequest {
  /** Where the rows start, one after another. */
  readonly points: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly loss: UntargetedLoss;
  readonly classes: Int32Array;
  readonly steps: number;
  /** How far a step goes, for each number of a row. */
  readonly step: Float64Array;
  /** Called with the steps that are done. */
  readonly onSteps: (steps: number) => void;
}

/** What became of the rows. */
export interface WalkAnswer {
  /** Where a row fell, or has come. */
  readonly points: Float32Array;
  /** 1 where the model told another class at one of the points, the last one left out. */
  readonly fell: Uint8Array;
  /** Gradients of each row, and those that pointed nowhere while it stood. */
  readonly gradients: Int32Array;
  readonly vanished: Int32Array;
  readonly blocked: readonly BlockedNode[];
}

/** A classifier that is attacked: rows of numbers in, rows of scores out. */
export interface AttackTarget {
  /** Numbers of one row. */
  readonly width: number;
  /** Scores of one row, at least two. */
  readonly classes: number;
  forward(inputs: Float32Array): Promise<Float32Array>;
  /** @throws AssayError `unsupported` for a model without a gradient */
  gradient(request: GradientRequest): Promise<GradientAnswer>;
  /** The same steps in a loop of the graph; a reason, as a sentence, where there is none. Absent where rows are changed on their way to the model. */
  walk?(request: WalkRequest): Promise<WalkAnswer | string>;
}

/** Rows to attack, and the class of each. */
export interface AttackBatch {
  readonly inputs: Float32Array;
  readonly classes: Int32Array;
}

export type AttackNorm = 'linf' | 'l2';

/** How far an attack has come. */
export interface AttackProgress {
  readonly attack: string;
  readonly step: number;
  readonly steps: number;
  /** Rows whose class the model still tells. */
  readonly standing: number;
}

/** What every attack takes. */
export interface AttackOptions {
  /** How far an adversarial input may be from its row. */
  readonly eps: number;
  readonly norm: AttackNorm;
  /** The least and the greatest of each number, or of each feature. */
  readonly lower: number | Float32Array;
  readonly upper: number | Float32Array;
  /** What `eps` is multiplied by for each feature: 0 for one that cannot change; for L2, 0 or 1. */
  readonly scale?: Float32Array;
  readonly random: AttackRandoms;
  /** Runs of the model for each row, with or without a gradient. */
  readonly budget?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: AttackProgress) => void) | undefined;
}

/** What an attack found. */
export interface AttackResult {
  readonly attack: string;
  /** A row for each that was given: an adversarial one where it fell, the row itself where it did not. */
  readonly adversarial: Float32Array;
  /** 1 where the model tells another class than the row's. */
  readonly fell: Uint8Array;
  /** 1 where it does so before any change. */
  readonly wrong: Uint8Array;
  /** Runs of the model without a gradient, and with one, of each row. */
  readonly queries: Int32Array;
  readonly gradients: Int32Array;
  /** How many gradients of standing rows were zero everywhere or not numbers, of all: such an attack shows nothing. */
  readonly vanishedShare: number;
  /** 1 where a row stands, and none of its gradients pointed anywhere: that it stands says nothing. */
  readonly blind: Uint8Array;
  /** Nodes of the model, of a step or a quantisation, that hide what goes through them from the gradient. */
  readonly blocked: readonly BlockedNode[];
  /** Rows that fell in the middle of the attack, and not when they were run again. */
  readonly unconfirmed: number;
  /** Rows that still stood when their budget was spent. */
  readonly exhausted: number;
  /** Why the steps ran one by one, and not as a loop in the graph; empty where they did; absent of attacks that have no such loop. */
  readonly unlooped?: string;
}
