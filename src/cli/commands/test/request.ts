import type { DeviceChoice } from '../../../core/device/index.ts';

/** What `assay test` is asked for. */
export interface TestRequest {
  readonly artifact: string;
  readonly task:
    | { readonly kind: 'test'; readonly suite: string; readonly baseline: string | undefined }
    | { readonly kind: 'record'; readonly suite: string; readonly file: string; readonly data: string | undefined }
    | { readonly kind: 'init' };
  readonly device: DeviceChoice;
  readonly format: 'text' | 'json';
  readonly output: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}
