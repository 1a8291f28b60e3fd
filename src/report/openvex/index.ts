export { type OpenVexOptions, renderOpenVex } from './openvex.ts';
