export { approveImage, imageApprovals, revokeImage } from './images.ts';
