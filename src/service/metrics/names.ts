/** One metric of the service; those of Node.js itself come besides. */
export interface MetricName {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Each has few values, which no user chooses. */
  readonly labels: readonly string[];
}

/** All metrics that the service gives: dashboards and alert rules name no other. */
export const METRICS = {
  requests: {
    name: 'assay_http_request_duration_seconds',
    help: 'Time to answer a request, by route; its status is `cut` where the client went away before',
    type: 'histogram',
    labels: ['method', 'route', 'status'],
  },
  decisions: {
    name: 'assay_decisions_total',
    help: 'Answers to the question whether a model may be used',
    type: 'counter',
    labels: ['action'],
  },
  jobs: { name: 'assay_jobs', help: 'Jobs by kind and state', type: 'gauge', labels: ['kind', 'state'] },
  depth: {
    name: 'assay_queue_depth',
    help: 'Jobs in the queue that wait, and that run',
    type: 'gauge',
    labels: ['state'],
  },
  snapshotAge: {
    name: 'assay_snapshot_age_seconds',
    help: "Since the newest snapshot of the operator's tenant was issued; absent without one",
    type: 'gauge',
    labels: [],
  },
  durations: {
    name: 'assay_job_duration_seconds',
    help: 'Time of an attempt of a job in its process, without the time in the queue',
    type: 'histogram',
    labels: ['kind'],
  },
  cpu: {
    name: 'assay_job_cpu_seconds_total',
    help: 'CPU time of scanning processes and their children, as far as it is known',
    type: 'counter',
    labels: ['kind'],
  },
  gpu: {
    name: 'assay_job_gpu_seconds_total',
    help: 'Time that jobs held a GPU',
    type: 'counter',
    labels: ['kind'],
  },
  fetched: {
    name: 'assay_job_fetched_bytes_total',
    help: 'Bytes that jobs received over the network, as far as it is known',
    type: 'counter',
    labels: ['kind'],
  },
  stored: {
    name: 'assay_job_stored_bytes_total',
    help: 'Bytes that jobs left in the database and the data folder, as far as it is known',
    type: 'counter',
    labels: ['kind'],
  },
  unmeasured: {
    name: 'assay_job_attempts_unmeasured_total',
    help: 'Attempts of jobs of which some figure is not known, such as of a process that was killed',
    type: 'counter',
    labels: ['kind'],
  },
  reused: {
    name: 'assay_job_attempts_reused_total',
    help: 'Attempts of jobs that took the result of an earlier scan of the same bytes; all: assay_job_duration_seconds_count',
    type: 'counter',
    labels: ['kind'],
  },
  deliveries: {
    name: 'assay_webhook_deliveries',
    help: 'Deliveries to webhooks that wait (pending), and that were given up (dead)',
    type: 'gauge',
    labels: ['state'],
  },
} as const satisfies Readonly<Record<string, MetricName>>;
