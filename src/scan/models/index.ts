export { ggufScanner } from './gguf.ts';
export { joblibZfScanner } from './joblib-zf.ts';
export { npyScanner } from './npy.ts';
export { safetensorsScanner } from './safetensors.ts';
