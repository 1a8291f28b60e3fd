import { object, objectOf, optionalOf, text, wholeNumber } from '../../core/schema/index.ts';
import type { AuditEntry, Principal, Registry } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import type { ServiceEvent } from '../events/index.ts';
import { type EventStream, eventStreams, READERS } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';

/** Entries that are read at a time: they wait in memory for the reader. */
const PAGE = 50;

export const eventRoutes: Routes = (app, { registry, events }) => {
  const streams = eventStreams(app);

  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      config: { access: READERS },
      schema: {
        tags: ['events'],
        summary:
          'Events (Server-Sent Events): `audit` with an entry of the audit log, whose `seq` is the id; `job` and `snapshot`, which are not kept',
        produces: ['text/event-stream'],
        headers: objectOf({
          'last-event-id': optionalOf(
            text('Go on after this entry of the audit log: none is left out', { pattern: '^[0-9]{1,10}$' }),
          ),
        }),
        querystring: object({
          since: optionalOf(
            wholeNumber({ minimum: 0, maximum: 2 ** 31 - 1, description: 'The same, for clients that set no header' }),
          ),
        }),
        response: { 200: text('Events') },
      },
    },
    async (request, reply) => {
      const { principal, headers, query } = request;
      const given = headers['last-event-id'];
      const head = await registry.auditHead(principal);
      const from = given === undefined ? (query.since ?? head) : Number(given);
      if (from > head) throw new ServiceError(409, 'unknown-event', `the last entry of the audit log is ${head}`);
      const stream = streams.open(request, reply);
      const follower = new Follower(registry, principal, stream, from, (err) => {
        request.log.warn({ err }, 'the audit log could not be read');
        // The client comes again, and goes on from what it has.
        stream.end();
      });
      const unsubscribe = events.subscribe(principal.tenant, (event) => follower.hear(event));
      stream.ended.addEventListener('abort', unsubscribe);
      await events.ready(principal.tenant);
      follower.start();
    },
  );
};

/** Tells one reader of every entry after `seq`, each once and in order: what does not follow is read from the log first. */
class Follower {
  readonly #registry: Registry;
  readonly #by: Principal;
  readonly #stream: EventStream;
  readonly #onError: (error: unknown) => void;
  #seq: number;
  /** The newest entry that was heard of. */
  #heard = 0;
  #isReading = true;

  constructor(registry: Registry, by: Principal, stream: EventStream, seq: number, onError: (error: unknown) => void) {
    this.#registry = registry;
    this.#by = by;
    this.#stream = stream;
    this.#seq = seq;
    this.#onError = onError;
  }

  hear(event: ServiceEvent): void {
    if (event.kind === 'job') {
      const { id, state, progress } = event;
      this.#stream.send({ event: 'job', data: { id, state, progress } });
    } else if (event.kind === 'snapshot') this.#stream.send({ event: 'snapshot', data: { version: event.version } });
    else this.#hearEntry(event.entry);
  }

  /** The feed is listened to already: whatever is not in the log by now will be heard. */
  start(): void {
    this.#read().catch(this.#onError);
  }

  #hearEntry(entry: AuditEntry): void {
    this.#heard = Math.max(this.#heard, entry.seq);
    if (this.#isReading || entry.seq <= this.#seq) return;
    if (entry.seq === this.#seq + 1) this.#tell(entry);
    else this.start();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    for (let more = true; more && !this.#stream.ended.aborted; ) {
      const entries = await this.#registry.auditSince(this.#by, this.#seq, PAGE);
      for (const entry of entries) this.#tell(entry);
      // An old log is long: its reader is waited for.
      await this.#stream.drained();
      more = entries.length === PAGE || this.#heard > this.#seq;
    }
    this.#isReading = false;
  }

  #tell(entry: AuditEntry): void {
    this.#seq = entry.seq;
    this.#stream.send({ id: String(entry.seq), event: 'audit', data: entry });
  }
}
