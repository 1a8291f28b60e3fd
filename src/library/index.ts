export { type ConvertModelOptions, convert } from './convert.ts';
export { type CheckDataSetOptions, data } from './data.ts';
export { type ScanOptions, type ScanResult, scan } from './scan.ts';
export { type SignOptions, type SignWith, sign } from './sign.ts';
export { type TestModelOptions, test } from './test.ts';
export { type VerifyOptions, type VerifyResult, verify } from './verify.ts';
