export { type ChangedText, type ChangeSet, changeSetOf } from './change.ts';
export { dvcFindings } from './dvc.ts';
export { CHANGE_RULES, changeFinding } from './rules.ts';
