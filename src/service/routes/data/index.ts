export { dataCheckRoutes } from './data-checks.ts';
