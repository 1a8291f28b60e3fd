import type { TensorFact } from './tensor-facts.ts';

/** What a call of Python code reaches. */
export type ReachedKind = 'code' | 'process' | 'native' | 'network' | 'write' | 'unpickle' | 'import';

/** Where the argument of such a call comes from, as far as the text says. */
export type ArgumentOrigin = 'constant' | 'decoded' | 'downloaded' | 'environment' | 'computed';

/**
 * `payload`: decoded or downloaded bytes are run, which no ordinary program does. `dangerous`: runs a program, or another thing that code
 * that only defines a model does not. `notable`: ordinary programs do it as well.
 */
export type CallGrade = 'payload' | 'dangerous' | 'notable';

/** A call that reaches outside of the program. */
export interface ReachingCall {
  readonly kind: ReachedKind;
  /** `os.system`, with aliases and computed names resolved. */
  readonly name: string;
  readonly line: number;
  /** The top-level function or class in which it stands; `null` when importing the file makes it. */
  readonly owner: string | null;
  readonly origin: ArgumentOrigin;
  readonly grade: CallGrade;
}

/** What the text of a Python file says that it would do. */
export interface PythonFacts {
  readonly kind: 'python';
  /** Modules that it imports, as they are written: `os`, `.layers`. */
  readonly imports: readonly string[];
  /** Functions and classes at its top level. */
  readonly defines: readonly string[];
  readonly calls: readonly ReachingCall[];
  /** Top-level names that each top-level name uses. */
  readonly uses: Readonly<Record<string, readonly string[]>>;
  /** Why the text is not fully understood. */
  readonly gap: string | null;
}

/** What a configuration makes a loader run. */
export type ArmedCode =
  /** A module of the artifact, by its path without `.py` from the root of the artifact or the archive. */
  | {
      readonly kind: 'module';
      readonly path: string;
      /** What the loader takes from it; `null` for all of it. */
      readonly name: string | null;
      /** It names an installed library where the artifact has no such file. */
      readonly ifPresent: boolean;
    }
  /** A folder that is put on the path of imports. */
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'foreign'; readonly repository: string; readonly module: string }
  /** A module of a package that is not one of the loader's. */
  | { readonly kind: 'package'; readonly module: string };

export interface ArmingFact {
  readonly kind: 'arming';
  /** The key or the rule by which it is named: `auto_map`. */
  readonly by: string;
  readonly code: ArmedCode;
  /** The call that would run it; `{}` stands for the artifact. */
  readonly call: string;
  /** As it is written. */
  readonly text: string;
}

/** A configuration asks loaders to trust code of the repository, and names none. */
export interface TrustFact {
  readonly kind: 'trust';
}

export type CodeFact = PythonFacts | ArmingFact | TrustFact;

/** What one file says that is judged once all files are scanned. */
export type FileFact = CodeFact | TensorFact;

/** A fact, and the member of the file that it is of. */
export interface PlacedFact {
  readonly member: string | undefined;
  readonly fact: FileFact;
}
