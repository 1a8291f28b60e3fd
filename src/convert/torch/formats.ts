import { startsWith } from '../../formats/index.ts';
import { isTorchLegacy } from '../../formats/pickle/index.ts';
import { TAR } from '../../formats/tar/index.ts';
import type { TensorFormat } from '../tensors/index.ts';
import { openLegacy } from './open-legacy.ts';
import { isTorchTar, openTar } from './open-tar.ts';
import { isTorchZip, openZip } from './open-zip.ts';
import { tarTensors, torchTensors } from './tensors.ts';

/** What `torch.save` writes since PyTorch 1.6. */
export const TORCH_ZIP: TensorFormat = {
  id: 'torch-zip',
  title: 'PyTorch checkpoint',
  framework: 'pt',
  matches: ({ source }, head) => startsWith(head, 'PK\x03\x04') && isTorchZip(source),
  read: async ({ path, source }, options) => torchTensors(await openZip(source, options), path, options.salvage),
};

/** What `torch.save` wrote before, and writes without its zip format. */
export const TORCH_LEGACY: TensorFormat = {
  id: 'torch-legacy',
  title: 'PyTorch checkpoint (before PyTorch 1.6)',
  framework: 'pt',
  matches: (_, head) => isTorchLegacy(head),
  read: async ({ path, source }, options) => torchTensors(await openLegacy(source, options), path, options.salvage),
};

/** What PyTorch before 0.1.10 wrote. */
export const TORCH_TAR: TensorFormat = {
  id: 'torch-tar',
  title: 'PyTorch checkpoint (tar, before PyTorch 0.1.10)',
  framework: 'pt',
  matches: ({ source }, head) => TAR.identify({ head, tail: head, size: source.size }) && isTorchTar(source),
  read: async ({ path, source }, options) => tarTensors(await openTar(source, options), path, options.salvage),
};
