export { dataBaselineRoutes } from './baselines.ts';
export { dataCheckRoutes } from './data-checks.ts';
