import { describe, expect, it } from 'vitest';
import { call, dict, instance, int, leaf, list, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { CLEAN, judged } from '../../../support/pickle-arrays.ts';

const member = (owner: Node, of: string) => call(name('builtins:getattr'), owner, leaf(of));
const fromOther = (owner: string, ...args: Node[]) => call(member(name(owner), '_from_other'), ...args);

describe('a dictionary of both directions, which its library fills through a method of the class', () => {
  it.each(['bidict:bidict', 'bidict:frozenbidict', 'bidict:OrderedBidict'])('is clean as %s', async (owner) => {
    expect(await judged(fromOther(owner, dict(leaf('a'), int(1))))).toEqual(CLEAN);
  });

  it.each([
    ['a list of pairs', fromOther('bidict:bidict', list(tuple(leaf('a'), int(1))))],
    ['two dictionaries', fromOther('bidict:bidict', dict(), dict())],
    ['nothing', fromOther('bidict:bidict')],
    ['an instance whose items a class of its own hands out', fromOther('bidict:bidict', instance(name('evil:Items')))],
    ['another class that has such a method', fromOther('evil:bidict', dict())],
    ['another method of the class', call(member(name('bidict:bidict'), '_init_class'), dict())],
    ['the method of the metaclass', call(member(name('bidict:bidict'), 'mro'))],
  ])('is not clean with %s', async (_, root) => {
    const [verdict] = await judged(root);
    expect(verdict).toBe('malicious');
  });
});

describe('the state of cma, which keeps a method of a generator of random numbers', () => {
  const generator = () =>
    call(
      name('numpy.random._pickle:__randomstate_ctor'),
      leaf('MT19937'),
      name('numpy.random._pickle:__bit_generator_ctor'),
    );
  const state = (value: Node) => instance(name('cma.constraints_handler:BoundTransform'), dict(leaf('randn'), value));

  it('is clean with the method that draws normal numbers', async () => {
    expect(await judged(state(member(generator(), 'randn')))).toEqual(CLEAN);
  });

  it.each(['__reduce__', 'set_state', '_bit_generator', 'seed'])('is malicious with %s', async (method) => {
    const [verdict] = await judged(state(member(generator(), method)));
    expect(verdict).toBe('malicious');
  });

  it('is malicious when the method is called while loading', async () => {
    const [verdict] = await judged(state(call(member(generator(), 'randn'), int(2 ** 40))));
    expect(verdict).toBe('malicious');
  });

  it('is malicious with the method of an instance that the stream makes', async () => {
    const [verdict] = await judged(state(member(instance(name('os:_wrap_close')), 'randn')));
    expect(verdict).toBe('malicious');
  });
});

describe('classes that states of smt name as the types of an option', () => {
  const options = (type: string) =>
    instance(name('smt.utils.options_dictionary:OptionsDictionary'), dict(leaf('types'), tuple(name(type))));

  it.each(['numpy.random.mtrand:RandomState', 'numpy.random._generator:Generator', 'numpy:ndarray', 'builtins:int'])(
    'are clean as %s',
    async (type) => {
      expect(await judged(options(type))).toEqual(CLEAN);
    },
  );

  it.each(['os:system', 'subprocess:Popen', 'numpy:memmap'])('are malicious as %s', async (type) => {
    const [verdict] = await judged(options(type));
    expect(verdict).toBe('malicious');
  });
});

describe('an array of predictors of fairlearn, which can be called', () => {
  const predictor = (of: string) => instance(name(of), dict(leaf('_classifier'), int(1)));

  it('is clean in a list', async () => {
    const LAGRANGIAN = 'fairlearn.reductions._exponentiated_gradient._lagrangian:_PredictorAsCallable';
    expect(await judged(list(predictor(LAGRANGIAN)))).toEqual(CLEAN);
  });

  it('is not clean of a class of another library', async () => {
    const [verdict] = await judged(list(predictor('evil:_PredictorAsCallable')));
    expect(verdict).toBe('suspicious');
  });
});
