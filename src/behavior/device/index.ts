export { type DeviceOptions, LEAST_SHARE, type OnDevice, openOnDevice } from './open.ts';
export { type NodePlacement, placementOf } from './placement.ts';
