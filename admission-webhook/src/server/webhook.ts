import type { PostureKnowledge } from '../../../src/workload/posture/index.ts';
import type { AdmissionAnswer } from '../answer.ts';
import { namespaceRules } from '../config/index.ts';
import { decideReview, postureKnowledge } from '../decide/index.ts';
import type { BreakGlassSource, SnapshotFeed } from '../feed.ts';
import type { WatchedNamespaces } from '../kube/index.ts';
import { injectionCheck, mutateReview, ownContainerCheck } from '../mutate/index.ts';
import type { Mutation } from '../patch.ts';
import type { AdmissionRequest } from '../request.ts';
import type { NamespaceRules } from '../rules.ts';
import type { WebhookState } from '../state.ts';
import type { Vitals } from '../vitals.ts';
import { NO_WAIVERS } from '../waivers.ts';
import type { ConfigFile } from './config-file.ts';

/** Everything that decisions are made from, kept up to date. */
export interface AdmissionWebhook {
  /** What is held now. */
  state(): WebhookState;
  decide(request: AdmissionRequest, state: WebhookState, now: Date): AdmissionAnswer;
  /** With what the postures of an object in a namespace are read. */
  knowledge(namespace: string, state: WebhookState, now: Date): PostureKnowledge;
  /** What is to be changed in an object, as the configuration has it. */
  mutate(request: AdmissionRequest, state: WebhookState, now: Date): Mutation;
  health(): Pick<Vitals, 'snapshot' | 'feed' | 'config' | 'breakGlass' | 'namespaces'>;
}

/** What a webhook is put together from. */
export interface AdmissionWebhookParts {
  readonly feed: Pick<SnapshotFeed, 'held' | 'health'>;
  readonly config: Pick<ConfigFile, 'config' | 'health' | 'onChange'>;
  /** `null`: labels of namespaces are not known. */
  readonly namespaces: Pick<WatchedNamespaces, 'labelsOf' | 'synced' | 'problem'> | null;
  readonly breakGlass: BreakGlassSource | null;
  /** In place of what the configuration says. */
  readonly ownNamespace: string | null;
  readonly serviceUrl: string | null;
}

export function assembleWebhook(parts: AdmissionWebhookParts): AdmissionWebhook {
  const { feed, config: file, namespaces, breakGlass } = parts;
  const labelsOf = (name: string) => namespaces?.labelsOf(name);
  // Rules and policies of one reading of the configuration, always together.
  let config = file.config();
  let rules: NamespaceRules = namespaceRules(config, labelsOf);
  file.onChange(() => {
    config = file.config();
    rules = namespaceRules(config, labelsOf);
  });
  return {
    state: () => ({
      snapshot: feed.held(),
      namespaces: rules,
      policies: config.policies,
      exceptions: config.exceptions,
      baselines: [...(breakGlass?.baselines() ?? []), config.baseline],
      breakGlass: breakGlass?.waivers() ?? NO_WAIVERS,
      serviceUrl: parts.serviceUrl ?? config.serviceUrl,
      ownNamespace: parts.ownNamespace ?? config.ownNamespace,
    }),
    decide: (request, state, now) =>
      decideReview(
        request,
        state,
        now,
        injectionCheck(config.mutation, state, now),
        ownContainerCheck(config.mutation),
      ),
    knowledge: (namespace, state, now) => postureKnowledge(namespace, state, now, ownContainerCheck(config.mutation)),
    mutate: (request, state, now) => mutateReview(request, state, config.mutation, now),
    health: () => ({
      snapshot: feed.held(),
      feed: feed.health(),
      config: file.health(),
      breakGlass: breakGlass?.health() ?? null,
      namespaces: namespaces === null ? null : { synced: namespaces.synced(), problem: namespaces.problem() },
    }),
  };
}
