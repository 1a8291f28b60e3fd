export {
  BATCH_BYTES,
  BATCH_IMAGES,
  decodeImages,
  type EncodedImage,
  type ImageShape,
  type TakeImage,
} from './decode.ts';
