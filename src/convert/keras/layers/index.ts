export { layerKind } from './registry.ts';
