import type { ZipEntry } from '../../formats/zip/index.ts';
import type { Rule, ScanContext, ScanTarget } from '../scanner/index.ts';
import type { ScriptProgram } from '../torchscript/judge/index.ts';
import type { ZipLayout } from './layout.ts';

/** The state that the parts of this scanner share for one archive. */
export interface ZipScan {
  readonly target: ScanTarget;
  readonly context: ScanContext;
  readonly layout: ZipLayout;
  /** What the directory lists, by any name. */
  readonly entries: readonly ZipEntry[];
  /** Members that are still read although their bytes are read already. */
  rereadsLeft: number;
  /** The code of an archive of TorchScript, once there is some. */
  program: ScriptProgram | undefined;
  /** Where the members end. */
  readonly membersEnd: number;
  say(rule: Rule, subject: string, message: string, offset?: number): void;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}
