export { addWaiver, revokeWaiver, waivers, waiversFor } from './waivers.ts';
