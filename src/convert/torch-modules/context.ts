import type { FileBudget } from '../../core/index.ts';
import type { GraphTensor, Network } from '../network/index.ts';
import type { ConverterTable, FirstInput, ModuleContext, ModuleConverter } from './converter.ts';
import type { TorchModule } from './module.ts';

/** Modules within modules. */
const MAX_DEPTH = 64;
/** Units of work of one layer, besides those of its operators: a module can be used again and again. */
const LAYER_WORK = 2_000;

/** Runs modules by the names of their classes. */
export class ModuleRunner implements ModuleContext {
  readonly net: Network;
  readonly #converters: ConverterTable;
  readonly #budget: FileBudget;
  #depth = 0;

  constructor(net: Network, converters: ConverterTable, budget: FileBudget) {
    this.net = net;
    this.#converters = converters;
    this.#budget = budget;
  }

  run(module: TorchModule, x: GraphTensor): GraphTensor {
    return this.#within(module, ({ forward }) => forward(module, x, this));
  }

  results(module: TorchModule, x: GraphTensor): Readonly<Record<string, GraphTensor>> {
    return this.#within(
      module,
      ({ results, forward }) => results?.(module, x, this) ?? { output: forward(module, x, this) },
    );
  }

  weight(module: TorchModule, name: string): GraphTensor {
    return this.net.realWeight(module.needed(name));
  }

  optional(module: TorchModule, name: string): GraphTensor | undefined {
    const tensor = module.tensor(name);
    return tensor === undefined ? undefined : this.net.realWeight(tensor);
  }

  /** What the first layer of a module takes. */
  readonly inputOf = (module: TorchModule): FirstInput => {
    return this.#entered(module, () => {
      const { input } = this.#converterOf(module);
      return input === undefined ? 'next' : input(module, this.inputOf);
    });
  };

  #within<T>(module: TorchModule, build: (converter: ModuleConverter) => T): T {
    const converter = this.#converterOf(module);
    module.refuseCallables(converter.callables);
    return this.#entered(module, () => this.net.within(module.title, () => build(converter)));
  }

  #entered<T>(module: TorchModule, body: () => T): T {
    this.#budget.work(LAYER_WORK);
    if (this.#depth >= MAX_DEPTH) throw module.refuse('it is nested too deep, or holds itself');
    this.#depth++;
    const result = body();
    this.#depth--;
    return result;
  }

  /** @throws AssayError `unsupported` naming the class */
  #converterOf(module: TorchModule): ModuleConverter {
    const { cls } = module;
    const key = `${cls.module}.${cls.name}`;
    const known = Object.hasOwn(this.#converters, key) ? this.#converters[key] : undefined;
    if (known !== undefined) return known;
    const [library = ''] = cls.module.split('.');
    if (cls.module.includes('quantiz') || cls.module.startsWith('torch.ao.') || cls.module.includes('.intrinsic.'))
      throw module.refuse('it is a quantised layer', 'save the model before it is quantised');
    if (library === 'torch' || library === 'torchvision') throw module.refuse('this class has no converter');
    throw module.refuse('it has code that is not in the file');
  }
}
