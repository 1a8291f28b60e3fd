export { planOnnxFiles } from './files.ts';
