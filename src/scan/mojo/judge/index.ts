export { isJudgedTree, judgeMojoSettings } from './judge.ts';
