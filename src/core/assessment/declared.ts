import type { Static } from '../schema/index.ts';
import type { DeclaredSchema } from './schema/index.ts';

/** The declarations of a model, in its card and its configuration. They are not verified. */
export type Declared = Static<typeof DeclaredSchema>;

export const NOTHING_DECLARED: Declared = {
  licences: [],
  licenceName: null,
  baseModels: [],
  datasets: [],
  library: null,
  task: null,
  languages: [],
  tags: [],
  remoteCode: [],
  architectures: [],
  modelType: null,
  files: [],
};
