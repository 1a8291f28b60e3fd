import type { RegistryFlags } from '../../../client/index.ts';
import type { Stage } from '../../../registry/index.ts';

/** The checked request of the command line. */
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
