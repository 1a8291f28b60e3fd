import type { RegistryFlags } from '../../../client/index.ts';
import type { Stage } from '../../../registry/index.ts';

/** What was asked on the command line, checked. */
export interface ModelsRequest {
  readonly registry: RegistryFlags;
  /** A model, or `model@number`; all models, when absent. */
  readonly name: string | undefined;
  readonly stage: Stage | undefined;
  readonly search: string | undefined;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly color: boolean;
}
