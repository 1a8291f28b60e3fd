export { TAR } from './header.ts';
export { readTar, type TarMember } from './read.ts';
export { type Probe, TORCH_TAR_MEMBERS, torchTarParts } from './torch.ts';
