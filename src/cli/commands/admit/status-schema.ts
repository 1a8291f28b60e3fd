import * as v from 'valibot';

const Time = v.nullable(v.string());
const Part = v.nullable(v.object({ loadedAt: Time, problem: v.nullable(v.string()) }));

/** The displayed fields of the status of a webhook. */
export const WebhookStatusSchema = v.object({
  schemaVersion: v.literal('1'),
  ready: v.boolean(),
  notReady: v.array(v.string()),
  startedAt: v.string(),
  snapshot: v.nullable(
    v.object({
      tenant: v.string(),
      version: v.number(),
      issued: v.string(),
      expires: v.string(),
      expired: v.boolean(),
      ageSeconds: v.number(),
      entries: v.number(),
      from: v.string(),
    }),
  ),
  source: v.object({
    from: v.string(),
    lastTried: Time,
    lastGood: Time,
    problem: v.nullable(v.string()),
    floor: v.number(),
  }),
  certificate: v.object({ notAfter: Time, loadedAt: Time, problem: v.nullable(v.string()) }),
  config: Part,
  breakGlass: Part,
  namespaces: v.nullable(v.object({ synced: v.boolean(), problem: v.nullable(v.string()) })),
  clients: Part,
  decisions: v.array(
    v.object({
      time: v.string(),
      operation: v.string(),
      kind: v.string(),
      namespace: v.string(),
      name: v.string(),
      user: v.string(),
      dryRun: v.boolean(),
      mode: v.string(),
      action: v.string(),
      skipped: v.optional(v.string()),
      rulings: v.array(v.object({ outcome: v.string(), action: v.string(), reference: v.nullable(v.string()) })),
    }),
  ),
});

export type ShownStatus = v.InferOutput<typeof WebhookStatusSchema>;
