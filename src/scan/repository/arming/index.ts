export { tellArmings } from './tell.ts';
