import { SliceSource } from '../../core/bytes/index.ts';
import { HDF5, readSuperblock } from '../../formats/index.ts';
import { leaveUnjudged, type Scanner, structureRule } from '../scanner/index.ts';

const USER_BLOCK = structureRule(
  'hdf5.user-block',
  'An HDF5 file starts with a user block',
  'The file has bytes before the HDF5 data. HDF5 ignores them, so they are meant for another program: the file can be of two formats at once.',
);
const TRAILING = structureRule(
  'hdf5.trailing-bytes',
  'Bytes follow the HDF5 data',
  'The file is longer than its HDF5 data. HDF5 ignores the rest, so it is meant for another program.',
);

/** Checks that an HDF5 file is complete; its content (the configuration of a Keras model) is left to a scanner for Keras. */
export const hdf5Scanner: Scanner = {
  id: 'hdf5',
  formats: [HDF5.id],
  rules: [USER_BLOCK, TRAILING],
  async scanFile({ source }, context) {
    const { at, end } = await readSuperblock(source);
    if (at > 0) {
      context.report({
        rule: USER_BLOCK,
        message: `${at} bytes stand before the HDF5 data.`,
        subject: 'user-block',
        offset: 0,
      });
      await context.member(new SliceSource(source, 0, at, `${source.name} user block`), 'user-block', { storedAt: 0 });
    }
    context.cover(at, end, 'opaque', 'HDF5 objects, which no scanner judges yet');
    if (end < source.size) {
      context.report({
        rule: TRAILING,
        message: `${source.size - end} bytes follow the HDF5 data.`,
        subject: 'trailing',
        offset: end,
      });
      await context.member(
        new SliceSource(source, end, source.size - end, `${source.name} after its end`),
        'trailing-bytes',
        { storedAt: end },
      );
    }
    leaveUnjudged(
      context,
      'format.hdf5.scan',
      'HDF5 may hold a Keras model, whose layers may hold code; no scanner judges it yet.',
    );
  },
};
