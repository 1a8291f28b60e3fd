import type { ImageFacts, ImageRole } from '../../core/image/index.ts';

/** What is known of what one container would load. */
export type Posture =
  /** The program, every argument, variable and mount of it is in the tables: it loads the references that were found, and no others. */
  | 'understood'
  /** Its image is approved as one that loads only what it holds, and nothing that it is given changes that. */
  | 'sealed'
  /** The organisation allows this container as it is. */
  | 'excepted'
  | 'unresolved';

/**
 * Why a container is unresolved. `image`: its image is not approved. `program`: what it runs, or is given, is in no table, and
 * nothing says that it loads models. `told`: something that loads models, or runs code, is told what no table knows. `place`: others
 * may write to what it reads.
 */
export type ProblemKind = 'image' | 'program' | 'told' | 'place';

export interface PostureProblem {
  readonly kind: ProblemKind;
  /** JSON pointer (RFC 6901) into the object. */
  readonly where: string;
  /** Part of a sentence, after the name of the container. */
  readonly why: string;
  /** A sentence: what to do. */
  readonly hint: string;
}

export interface ContainerPosture {
  readonly container: string | null;
  /** JSON pointer (RFC 6901) to the container. */
  readonly where: string;
  readonly posture: Posture;
  /** What it runs, for people: `vLLM`, `sleep`; `null` where it is not known. */
  readonly program: string | null;
  /** It is known to load models. */
  readonly loads: boolean;
  /** Empty unless it is unresolved. */
  readonly problems: readonly PostureProblem[];
  /** Of one that is excepted. */
  readonly exception?: PostureException;
  /** Places in an excepted container where its exception leaves a hole. */
  readonly filled?: ReadonlySet<string>;
}

export interface ImageApproval {
  readonly as: ImageRole;
  /** Absent where they were not recorded. */
  readonly facts?: ImageFacts;
}

/** By what a container is excepted. */
export interface PostureException {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly expires: string;
}
