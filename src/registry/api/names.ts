/** The stage of a version. It moves forward one stage at a time; `quarantined` is possible from any stage. */
export const STAGES = ['candidate', 'staging', 'production', 'retired', 'quarantined'] as const;
export type Stage = (typeof STAGES)[number];

/** The role `gate` only reads decisions and the snapshot. */
export const ROLES = ['viewer', 'submitter', 'reviewer', 'security-approver', 'admin', 'gate'] as const;
export type Role = (typeof ROLES)[number];

export const TRANSITION_STATES = ['open', 'approved', 'rejected', 'withdrawn', 'void'] as const;
export type TransitionState = (typeof TRANSITION_STATES)[number];

/** The attestations of people for exact bytes on which an answer of the registry depends. */
export const GROUNDS = ['approval', 'waiver'] as const;
export type Ground = (typeof GROUNDS)[number];

/** The signing method of the approver. `service`: by a session of the service, which signed it. */
export const APPROVAL_METHODS = ['key', 'keyless', 'certificate', 'service'] as const;
export type ApprovalMethod = (typeof APPROVAL_METHODS)[number];

export const JOB_KINDS = ['scan', 'convert', 'test', 'data'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** `dead`: given up, and kept until a user requests its delivery again. */
export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Stages that a policy decides for. */
export const DECIDED_STAGES = ['candidate', 'staging', 'production'] as const;
