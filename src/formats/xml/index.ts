export { walkXml, type XmlEvents } from './walk.ts';
