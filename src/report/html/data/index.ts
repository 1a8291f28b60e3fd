export { checksBlock as dataChecksBlock, unseenBlock as dataUnseenBlock } from './checks.ts';
export { dataFacts, renderData } from './page.ts';
