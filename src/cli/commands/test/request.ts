import type { DeviceChoice } from '../../../core/device/index.ts';
import type { SigningChoice } from '../../options/index.ts';

/** Formats of the report. */
export const TEST_FORMATS = ['text', 'json', 'html'] as const;

/** What `assay test` is asked for. */
export interface TestRequest {
  readonly artifact: string;
  readonly task:
    | {
        readonly kind: 'test';
        readonly suite: string;
        readonly baseline: string | undefined;
        /** Where the attestation is written, and how it is signed. */
        readonly attest: { readonly file: string; readonly signing: SigningChoice } | undefined;
      }
    | { readonly kind: 'record'; readonly suite: string; readonly file: string; readonly data: string | undefined }
    | { readonly kind: 'init' };
  readonly device: DeviceChoice;
  /** The most processor time of one step of the model. */
  readonly stepSeconds: number;
  readonly format: (typeof TEST_FORMATS)[number];
  readonly output: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}
