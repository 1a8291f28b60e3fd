export { ggufScanner } from './gguf.ts';
export { joblibZfScanner } from './joblib-zf.ts';
export { type NativeModel, nativeModelScanner, readNativeModel, titleOf } from './native-models.ts';
export { npyScanner } from './npy.ts';
export { protoModelScanner } from './proto-models.ts';
export { safetensorsScanner } from './safetensors.ts';
