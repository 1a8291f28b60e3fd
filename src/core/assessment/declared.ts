import type { Static } from '../schema/index.ts';
import type { DeclaredSchema } from './schema/index.ts';

/** What a model says of itself, in its card and its configuration. It is not verified. */
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
