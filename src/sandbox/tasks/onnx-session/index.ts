export { run } from './onnx-session.ts';
