import type { ConverterTable, ModuleConverter } from '../converter.ts';

/** One module after the other. */
export const SEQUENCE: ModuleConverter = {
  forward: (module, x, context) => module.children().reduce((y, child) => context.run(child.module, y), x),
  results: (module, x, context) => {
    const children = module.children();
    const last = children.at(-1);
    const before = children.slice(0, -1).reduce((y, child) => context.run(child.module, y), x);
    return last === undefined ? { output: before } : context.results(last.module, before);
  },
  input: (module, inputOf) => {
    for (const child of module.children()) {
      const input = inputOf(child.module);
      if (input !== 'next') return input;
    }
    return 'next';
  },
};

/** One module, which runs on several devices. */
const WRAPPER: ModuleConverter = {
  forward: (module, x, context) => context.run(module.child('module'), x),
  results: (module, x, context) => context.results(module.child('module'), x),
  input: (module, inputOf) => inputOf(module.child('module')),
};

export const CONTAINERS: ConverterTable = {
  'torch.nn.modules.container.Sequential': SEQUENCE,
  'torch.nn.parallel.data_parallel.DataParallel': WRAPPER,
  'torch.nn.parallel.distributed.DistributedDataParallel': WRAPPER,
};
