export { renderData } from './page.ts';
