export { type BundleEntry, bundleRange, readTensorBundle, type TensorBundle } from './bundle.ts';
