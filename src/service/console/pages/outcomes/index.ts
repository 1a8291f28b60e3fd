export { conversionPage } from './conversion.ts';
export { dataCheckPage } from './data-check.ts';
export { testPage } from './test.ts';
