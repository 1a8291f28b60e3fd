export { TAR } from './header.ts';
export { readTar, type TarMember } from './read.ts';
export { TORCH_TAR_MEMBERS, type TorchTarProbe, torchTarParts } from './torch.ts';
