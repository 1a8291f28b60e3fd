export { type ChangeSet, changeSetOf } from './change.ts';
export { changeFinding } from './finding.ts';
export { formatOf, pointerIn } from './model-files.ts';
export type { RepositoryFiles } from './repository-files.ts';
export type { ChangedText } from './text.ts';
