export { TAR } from './header.ts';
export { type TarMember, readTar } from './read.ts';
export { type Probe, TORCH_TAR_MEMBERS, torchTarParts } from './torch.ts';
