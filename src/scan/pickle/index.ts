export { pickleScanner } from './scan-pickle.ts';
