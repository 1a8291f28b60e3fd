export { type ManifestComparison, compareManifest } from './compare-manifest.ts';
export { manifestChecks } from './manifest-check.ts';
export { type ScannedSignature, judgeScanned, openSignatureToScan } from './scan-signature.ts';
export { SIGNATURE_NAME, type SignatureRequest, judgeSignature, openSignature } from './signature.ts';
