export { renderOpenVex } from './openvex.ts';
