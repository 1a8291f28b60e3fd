export { type CachedSnapshot, claimOfBlob, currentSnapshot, findSnapshot, isOfCache, isRepoFolder, repoFolder, snapshotAt } from './cache.ts';
export { type HubSettings, cacheFolderOf, hubSettings } from './settings.ts';
