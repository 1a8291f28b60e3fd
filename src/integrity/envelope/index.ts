export { decodeBase64 } from './base64.ts';
export { readBundle, type SignedBundle, type VerificationMaterial } from './bundle.ts';
export { type Envelope, IN_TOTO_PAYLOAD, pae, paeHead, verifyEncoded, verifyEnvelope } from './dsse.ts';
export {
  isStrongRsa,
  isSupported,
  keyHint,
  keyText,
  kindOf,
  readPrivateKey,
  readPublicKey,
  signBytes,
  spkiOf,
  verifyBytes,
} from './keys.ts';
export { quoted } from './quoted.ts';
export { type ShapeIssue, sentenceOf, shapeIssue } from './shape-issue.ts';
export { isSignatureError, SignatureError, type SignatureProblem } from './signature-error.ts';
export { verifyKey, verifyModelEnvelope } from './verify-key.ts';
