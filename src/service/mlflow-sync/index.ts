export { adapterRoutes } from './routes.ts';
