export { judgeExtension } from './extension.ts';
export { hubFindings } from './hub-verdicts.ts';
export { pointerNotes } from './lfs-pointer.ts';
export { plainMediaScanner } from './plain-media.ts';
export { POLYGLOT } from './polyglot.ts';
export { providedModules } from './provided-modules.ts';
export { SCANNERS } from './scanners.ts';
