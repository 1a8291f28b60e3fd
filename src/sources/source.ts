import { DEFAULT_LIMITS, type Limits, type OpenOptions } from '../core/index.ts';
import type { EgressOptions } from '../egress/index.ts';

/** Options of a source, in addition to the place of the artifact. */
export interface SourceOptions extends OpenOptions {
  readonly limits?: Limits;
  /** Where `HF_TOKEN`, `HF_ENDPOINT`, `HF_HOME`, proxies and their like are read from; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Rules that a service restricts. */
  readonly egress?: Pick<EgressOptions, 'rules' | 'retry' | 'connectTimeoutMs' | 'idleTimeoutMs'>;
}

export function limitsOf(options: SourceOptions): Limits {
  return options.limits ?? DEFAULT_LIMITS;
}

export function envOf(options: SourceOptions): NodeJS.ProcessEnv {
  return options.env ?? process.env;
}
