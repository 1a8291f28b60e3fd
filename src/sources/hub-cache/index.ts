export {
  type CachedSnapshot,
  claimOfBlob,
  currentSnapshot,
  findSnapshot,
  isOfCache,
  isRepoFolder,
  repoFolder,
  snapshotAt,
} from './cache.ts';
export { cacheFolderOf, type HubSettings, hubSettings } from './settings.ts';
