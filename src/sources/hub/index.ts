export { type HubEntry, hubEgress, listEntries, resolveCommit } from './client.ts';
export { HubMissing, type HubQuestion, hubError } from './error.ts';
export { type HubArtifact, type HubFile, openHub, openRemote } from './hub.ts';
export { HubStage, type StagedFile } from './stage.ts';
