import type { Assessment } from '../../core/assessment/index.ts';
import type { Conversion } from '../../core/conversion/index.ts';
import type { ComparedVersion } from '../../registry/api/index.ts';
import type {
  ConversionOptions,
  DataCheckOptions,
  Job,
  JobProgress,
  KeptScan,
  ModelTestOptions,
  ScanInput,
} from '../../registry/index.ts';
import type { OwnUse } from '../../sandbox/index.ts';
import type { AllowedPlaces, ServiceLimits } from '../config.ts';
import type { CheckTexts } from '../data-checks/index.ts';
import type { TestedWith } from '../tests/index.ts';

/** The settings of all scans of a worker. */
export interface ScanSettings {
  readonly hubEndpoint: string;
  readonly allowPrivateAddresses: boolean;
  readonly allowed: AllowedPlaces;
  readonly dataFolder: string;
  readonly limits: ServiceLimits;
}

/** One scan for a scanning process. */
export interface ScanOrder {
  /** A reference, or `upload:<id>`. */
  readonly target: string;
  readonly tenant: string;
  /** The environment variables for sources. */
  readonly env: Readonly<Record<string, string>>;
}

/** One scan whose result may be that of an earlier scan of the same bytes. */
export interface ReusingOrder extends ScanOrder {
  /** Whether earlier scans are asked for. */
  readonly reuses: boolean;
}

/** One conversion for a scanning process. */
export interface ConversionOrder extends ScanOrder {
  readonly job: string;
  readonly options: ConversionOptions;
  /** An empty folder for the files. */
  readonly folder: string;
  readonly maxOutputBytes: number;
  /** The public half of the key that signs what was converted, as PEM; `null`: nothing is signed. */
  readonly publicKey: string | null;
}

/** What is read from a source of the order's tenant, or from what a conversion of this service wrote. */
export interface TestSource {
  /** A reference, `upload:<id>`, or `conversion:<job>`. */
  readonly target: string;
  /** Where the files of `conversion:<job>` are on this machine; `null` for others. */
  readonly folder: string | null;
}

/** An approved version, and where its bytes are. */
export interface ApprovedSource extends TestSource {
  readonly version: ComparedVersion;
}

/** The tests of one model for a scanning process. */
export interface TestOrder extends ScanOrder, TestSource {
  readonly options: ModelTestOptions;
  /** Path of the suite. */
  readonly suite: string;
  /** Versions that the model may be compared with: the first that can be read, and is another one. */
  readonly approved: readonly ApprovedSource[];
  /** Why there is none, or none of some stage. */
  readonly notApproved: readonly string[];
  /** Variables that say where drivers are. */
  readonly drivers: Readonly<Record<string, string>>;
}

/** The checks of one data set for a scanning process. */
export interface DataOrder {
  readonly tenant: string;
  /** `upload:<id>` or `dataset:<name>` */
  readonly target: string;
  readonly options: DataCheckOptions;
  /** Path of `dataset:<name>`; `null` for an upload. */
  readonly place: string | null;
  /** The profile of approved data, by the name that the report gives it. */
  readonly baseline: { readonly name: string; readonly profile: string } | null;
}

/** What a scanning process is to do. */
export type HelperOrder =
  | { readonly kind: 'scan'; readonly order: ReusingOrder }
  | { readonly kind: 'convert'; readonly order: ConversionOrder }
  | { readonly kind: 'test'; readonly order: TestOrder }
  | { readonly kind: 'data'; readonly order: DataOrder };

export type WorkerMessage =
  /** Comes first. */
  | { readonly kind: 'settings'; readonly settings: ScanSettings }
  | HelperOrder
  | { readonly kind: 'stop' }
  /** The answer to `listed`. */
  | { readonly kind: 'kept'; readonly scans: readonly KeptScan[] }
  /** The answer to `sign`: the bundle, or `null` when it was not signed. */
  | { readonly kind: 'signed'; readonly bundle: unknown };

/** How a scan ended: never with an exception, which would not come through to another process whole. */
export type ScanEnd =
  | {
      readonly kind: 'assessed';
      readonly assessment: Assessment;
      readonly input: ScanInput;
      /** Why the first file that could not be opened could not. */
      readonly unopened: { readonly code: string; readonly message: string } | null;
    }
  /** The bytes are those of a kept scan. */
  | { readonly kind: 'same'; readonly kept: KeptScan; readonly input: ScanInput; readonly ref: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export type ConvertEnd =
  | {
      readonly kind: 'converted';
      readonly conversion: Conversion;
      /** Of the files as they are published. */
      readonly assessment: Assessment;
    }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      /** Of a verification that failed: what was compared. */
      readonly conversion?: Conversion;
    };

export type TestedEnd =
  | {
      readonly kind: 'tested';
      readonly outcome: NonNullable<Job['outcome']>;
      /** As the command line writes it. */
      readonly report: string;
      readonly context: TestedWith;
      /** How long it held a GPU; `null` when it used none. */
      readonly gpuMs: number | null;
      /** For the audit log. */
      readonly evidence: Readonly<Record<string, unknown>> & { readonly digest: string };
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export type CheckedEnd =
  | {
      readonly kind: 'checked';
      readonly outcome: NonNullable<Job['outcome']>;
      readonly texts: CheckTexts;
      /** For the audit log. */
      readonly evidence: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export type HelperEnd = ScanEnd | ConvertEnd | TestedEnd | CheckedEnd;

/** What a scanning process says that it used since it started: sent before each progress and each end. */
export interface HelperUse extends OwnUse {
  readonly fetchedBytes: number;
}

export type HelperReply =
  | { readonly kind: 'used'; readonly used: HelperUse }
  | { readonly kind: 'progress'; readonly progress: JobProgress }
  /** What is to be scanned: which earlier scans may there be of it? */
  | { readonly kind: 'listed'; readonly input: ScanInput }
  /** No key is in the process that reads artifacts. */
  | { readonly kind: 'sign'; readonly payloadType: string; readonly payload: Uint8Array }
  | HelperEnd;
