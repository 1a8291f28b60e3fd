export { registerAttestation } from './command.ts';
