export { readAnchors } from './anchors.ts';
export { type Certificate, readCertificate } from './certificate.ts';
export { readDer, TAG } from './der.ts';
export { checkLeaf, checkTime } from './fitness.ts';
export { decodeUtf8Name } from './names.ts';
export { OID } from './oids.ts';
export { verifyCertificate } from './verify-certificate.ts';
