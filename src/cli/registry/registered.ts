import type { Version } from '../../registry/index.ts';
import type { TargetOptions } from './target.ts';

export interface RegisterOptions extends TargetOptions {
  /** A report of `assay scan`, instead of scanning now. */
  readonly report: string | undefined;
  /** The organisation's own allowances. */
  readonly allow: string | undefined;
  readonly trust: string | undefined;
}

/** A version, and whether it is new. */
export interface RegisteredVersion {
  readonly version: Version;
  readonly created: boolean;
}
