export { judgeContents } from './contents.ts';
