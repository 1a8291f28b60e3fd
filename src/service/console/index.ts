export { isForPeople, sendProblem } from './problem.ts';
export { consoleRoutes } from './routes.ts';
