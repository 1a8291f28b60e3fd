export { webhookStore } from './webhooks.ts';
