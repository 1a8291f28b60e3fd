export { type BundleEntry, bundleRange, bundleText, readTensorBundle, type TensorBundle } from './bundle.ts';
