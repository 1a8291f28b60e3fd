export { combinedTensors } from './combined.ts';
export { PADDLE_COMBINED, PADDLE_STATE } from './formats.ts';
export { pirNames, programNames } from './names.ts';
