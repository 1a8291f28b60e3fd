export { compareManifest, type ManifestComparison } from './compare-manifest.ts';
export { conversionChecks } from './conversion-checks.ts';
export { manifestChecks } from './manifest-check.ts';
export { judgeScanned, openSignatureToScan, type ScannedSignature } from './scan-signature.ts';
export { judgeSignature, openSignature, SIGNATURE_NAME, type SignatureRequest } from './signature.ts';
