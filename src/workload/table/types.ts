import type { WorkloadRole } from '../result.ts';

/** The meaning of a value without a scheme in the program that reads it. */
export type BareName =
  | 'hub' // owner/name of the Hugging Face Hub, or a path that exists
  | 'hub-quant' // the same with :quantisation
  | 'path'
  | 'image' // of a container registry
  | 'ollama' // name:tag of its library, or host/owner/name
  | 'ngc'
  | 'preset' // a name that KAITO knows
  | 'bento';

/** Said of the references that the same row finds in the same container; `trustRemoteCode` and `offline` of all of them. */
export type Attribute =
  | 'revision'
  | 'tokenizerRevision'
  | 'draftRevision'
  | 'codeRevision'
  | 'loadFormat'
  | 'trustRemoteCode'
  | 'offline';

export interface Finds {
  readonly finds: WorkloadRole;
  /** `hub` where it is not said. */
  readonly bare?: BareName;
  /**
   * `value`: one (the default). `list`: all up to the next flag. `named`: the same, each `name=value`, or JSON, or a value alone.
   * `commas`: `named` in one value with commas. `json`: an object. `scaled`: `value:number`.
   */
  readonly shape?: 'value' | 'list' | 'named' | 'commas' | 'json' | 'scaled';
  /** Values that are words of the program, and no reference. */
  readonly words?: readonly string[];
  /** Too common a name: in a program that is not recognised, it counts only with a value that looks like a model. */
  readonly common?: boolean;
}

export type Means =
  | Finds
  | { readonly sets: Attribute }
  /** One value, or all up to the next flag, that may look like a model and is none. */
  | { readonly ignores: 'value' | 'list' }
  /** A file that may name a model, and is not in the object. */
  | { readonly unread: string };

/** A program that loads models: how it is told which. */
export interface ProgramRow {
  readonly id: string;
  readonly title: string;
  /** The page of its documentation. */
  readonly see: string;
  /** Parts of the repository of its images. */
  readonly images: readonly string[];
  /** Its commands and Python modules; `.*` for what is below a module. */
  readonly commands: readonly string[];
  /** Arguments; `_` and `-` are the same after `--`. */
  readonly takes: Readonly<Record<string, Means>>;
  readonly env: Readonly<Record<string, Means>>;
  /** Words after which the model stands without a flag. */
  readonly after?: Readonly<Record<string, Finds>>;
  /** The image starts with that word by itself. */
  readonly startsWith?: string;
  /** Its arguments are pairs of a URI and a folder. */
  readonly pairs?: Finds;
  /** How a revision is added: as an argument beside a model that is one, as a variable beside one that is. */
  readonly adds?: Readonly<Partial<Record<Attribute, { readonly argument?: string; readonly variable?: string }>>>;
  /** How a revision is written within a reference of the Hub. */
  readonly pins?: PinSpelling;
  /** It loads from the Hub's cache, and from nowhere else while `HF_HUB_OFFLINE` is set. */
  readonly hubCache?: {
    /** Arguments and variables by which it loads from somewhere else. */
    readonly elsewhere: readonly string[];
    /** Parts of images of the row for which it does not hold. */
    readonly not?: readonly string[];
  };
}

/** `colon`: `hf://owner/name:revision`. `at`: `hf://owner/name@revision`. */
export type PinSpelling = 'colon' | 'at';

/** Where PodSpecs are in a kind. */
export interface PodSpecRow {
  readonly id: string;
  readonly group: string;
  readonly kinds: readonly string[];
  readonly paths: readonly string[];
  /** Objects with `image`, `command`, `args` and `env` that are not containers of a PodSpec. */
  readonly containers?: readonly string[];
  /** Id of the program that those run, where they name no image. */
  readonly runs?: string;
  readonly see: string;
}

/** A field of a kind that names a model. */
export interface FieldRow {
  readonly id: string;
  readonly group: string;
  readonly kinds: readonly string[];
  /** To a text; or to an object, with `parts`. */
  readonly path: string;
  readonly what:
    | {
        readonly finds: WorkloadRole;
        readonly bare?: BareName;
        /** Properties of the object that make up the reference, joined with `/`, or `:` for an image and its tag. */
        readonly parts?: readonly string[];
        /** Other properties of the object with `parts`. */
        readonly revision?: string;
        readonly endpoint?: string;
      }
    | { readonly reads: 'ray-serve' | 'ray-environment' | 'command-line' }
    | { readonly unread: string };
  /** How a revision is written within a reference of the Hub; absent where the kind has no way to. */
  readonly pins?: PinSpelling;
  readonly see: string;
}

/** A variable that says from which server names are fetched. */
export interface EndpointRow {
  readonly id: string;
  readonly names: readonly string[];
  /** Schemes of the references that it is about. */
  readonly schemes: readonly string[];
  /** `switch`: true moves names of the Hub to ModelScope. */
  readonly means: 'address' | 'switch';
  readonly see: string;
}

/** An annotation of a Pod or its template. */
export interface AnnotationRow {
  readonly id: string;
  readonly name: string;
  readonly finds: WorkloadRole;
  readonly pins?: PinSpelling;
  readonly see: string;
}
