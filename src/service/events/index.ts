export { openEventFeed } from './event-feed.ts';
export type { EventFeed, ServiceEvent } from './events.ts';
