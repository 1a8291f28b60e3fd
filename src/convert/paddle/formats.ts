import { AssayError } from '../../core/index.ts';
import { isPickle } from '../numpy/index.ts';
import type { TensorFormat } from '../tensors/index.ts';
import { paddleState } from './state.ts';

const STATE = /\.(?:pdparams|pdopt|pdtensor)$/i;
const COMBINED = /\.pdiparams$/i;

/** What `paddle.save` writes. */
export const PADDLE_STATE: TensorFormat = {
  id: 'paddle',
  title: 'PaddlePaddle checkpoint',
  framework: 'paddle',
  matches: ({ path, source }, head) => STATE.test(path) && isPickle(head, source.size),
  read: paddleState,
};

/** Parameters of an inference model whose program is not there. */
export const PADDLE_COMBINED: TensorFormat = {
  id: 'paddle-inference',
  title: 'PaddlePaddle inference parameters',
  framework: 'paddle',
  matches: ({ path }) => COMBINED.test(path),
  async read({ path }) {
    throw new AssayError('unsupported', 'holds tensors without names', {
      subject: path,
      hint: 'convert the folder that also has the program: a .pdmodel or .json file of the same name',
    });
  },
};
