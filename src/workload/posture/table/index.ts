export { INERT_PROGRAMS, INTERPRETERS, SHELLS, STARTERS } from './inert.ts';
export {
  BESIDE_CODE,
  DATA_FOLDERS,
  LOG_FOLDERS,
  PROGRAM_FOLDERS,
  SCRATCH_FOLDERS,
  SETTINGS_FOLDERS,
  TOKEN_FOLDER,
} from './places.ts';
export { GRAMMARS, type Grammar, LOADS_BY_API } from './servers.ts';
export { CACHE_VARIABLES, INERT_VARIABLES, type InertVariable, LOADER_VARIABLES } from './variables.ts';
