import { NOBODY } from './loaders.ts';
import type { PickleHandler } from './state.ts';

const nothing = () => undefined;
/** A handler that ignores all events. */
export const SILENT: PickleHandler = {
  onImport: () => NOBODY,
  onCall: nothing,
  onBuild: nothing,
  onMutate: nothing,
  onDunderKey: nothing,
  onPersistentId: nothing,
  onExtension: nothing,
  onBlob: nothing,
  onOddity: nothing,
};
