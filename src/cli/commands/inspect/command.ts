import type { Command } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { InspectFlags } from './request.ts';

const GUIDE = `
Shows the parts of a file: its format, its members, the verdict; then the instructions of every pickle, with the globals that
they import and call, as Python would spell them. Of other models it shows what their readers tell: tensors with their types and
shapes (safetensors, GGUF, HDF5, NumPy), operators (ONNX, TensorFlow, TensorFlow Lite, ExecuTorch, OpenVINO), classes (Keras),
trees, columns, metadata. Nothing is loaded or run. Values of pickles are shown only for clean files.

Examples:
  assay inspect model.pt
  assay inspect model.pt --member archive/data.pkl --all
`;

export function registerInspect(program: Command, shell: Shell): void {
  program
    .command('inspect')
    .summary('show the content of a file without loading it')
    .description('Shows the formats and members of a file, and the instructions of its pickles, without loading it.')
    .argument('<file>', 'a file, hf://owner/model/file, or https://...')
    .option('--member <path>', 'only this member of an archive, as findings name it')
    .option(
      '--all',
      'list every instruction (default: the first 1,000, then only imports and calls), and every tensor (default: 40)',
      false,
    )
    .option('--no-color', 'disable colour')
    .option('--offline', 'never open a connection', false)
    .addHelpText('after', GUIDE)
    .action(async (file: string, flags: InspectFlags) => {
      const { runInspect } = await import('./run.ts');
      await runInspect(file, flags, shell);
    });
}
