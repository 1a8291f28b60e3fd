export { FEWEST_CLASSES, type SmallestTrigger, smallestOf } from './ratio.ts';
export {
  type FoundTrigger,
  REACHED,
  type SearchResult,
  searchTriggers,
  TRIGGER_FORMS,
  type TriggerForm,
} from './search.ts';
export { pictureOf, pictureShapeOf, triggerSpaceOf } from './spaces.ts';
export { entropiesOf } from './strip.ts';
