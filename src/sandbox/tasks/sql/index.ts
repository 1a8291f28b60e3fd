export { run } from './sql.ts';
