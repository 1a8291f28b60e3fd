export { judgeCommit } from './judge.ts';
export { HubPush, pushedCommits } from './push.ts';
export { hubRoutes } from './routes.ts';
export { readJson, writeJson } from './store-json.ts';
