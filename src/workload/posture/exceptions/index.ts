export { compileException } from './compile.ts';
export type {
  ContainerException,
  ExceptionPattern,
  MountPattern,
  MountSource,
  ToldPattern,
  VariablePattern,
  VariableSource,
} from './exception.ts';
export { MOUNT_SOURCES, VARIABLE_SOURCES } from './exception.ts';
export { type CompiledException, type ExceptionMatch, matchException } from './match.ts';
export { toldOf } from './told-of.ts';
export { fillWords, HOLES, patternProblem, plainPattern } from './words.ts';
