export { type HttpsReference, type HubReference, type PathReference, type Reference, formatReference, isArtifactPath, isCommit, isLoopback, isRepoName, isRevision, parseReference, pinReference, shownAddress } from './reference.ts';
export { type ModelsReference, type OciReference, type S3Reference, formatModels, formatOci, formatS3, parseOci, parseS3 } from './store-reference.ts';
