export { judgeSkops } from './judge.ts';
