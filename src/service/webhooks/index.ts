export { startWebhookSender } from './sender.ts';
