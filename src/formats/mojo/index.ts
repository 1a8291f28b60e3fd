export { isMojoTree, isMojoTreeAux } from './tree.ts';
