export { isJudgedTree, judgeMojoSettings } from './judge.ts';
export { MOJO_RULES } from './rules.ts';
