export { judgeMxnetNames, judgePaddleNames, judgePirNames } from './judge-names.ts';
