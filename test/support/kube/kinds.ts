/** A custom resource that can name a model, as its own project defines it. */
export interface MlKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
}

/** `Kind plural`, by group and version; a star marks cluster-scoped kinds. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'serving.knative.dev/v1': ['Service services', 'Configuration configurations', 'Revision revisions'],
  'jobset.x-k8s.io/v1alpha2': ['JobSet jobsets'],
  'leaderworkerset.x-k8s.io/v1': ['LeaderWorkerSet leaderworkersets'],
  'ray.io/v1': ['RayCluster rayclusters', 'RayService rayservices', 'RayJob rayjobs'],
  'kubeflow.org/v1': [
    'PyTorchJob pytorchjobs',
    'TFJob tfjobs',
    'MPIJob mpijobs',
    'XGBoostJob xgboostjobs',
    'PaddleJob paddlejobs',
    'JAXJob jaxjobs',
  ],
  'trainer.kubeflow.org/v1alpha1': ['TrainJob trainjobs'],
  'serving.kserve.io/v1beta1': ['InferenceService inferenceservices'],
  'serving.kserve.io/v1alpha2': [
    'LLMInferenceService llminferenceservices',
    'LLMInferenceServiceConfig llminferenceserviceconfigs',
  ],
  'serving.kserve.io/v1alpha1': [
    'ServingRuntime servingruntimes',
    'ClusterServingRuntime clusterservingruntimes *',
    'TrainedModel trainedmodels',
    'LocalModelCache localmodelcaches *',
    'LocalModelNamespaceCache localmodelnamespacecaches',
  ],
  'machinelearning.seldon.io/v1': ['SeldonDeployment seldondeployments'],
  'mlops.seldon.io/v1alpha1': ['Model models'],
  'orchestration.aibrix.ai/v1alpha1': ['PodSet podsets'],
  'model.aibrix.ai/v1alpha1': ['ModelAdapter modeladapters'],
  'kaito.sh/v1beta1': ['Workspace workspaces', 'RAGEngine ragengines'],
  'kubeai.org/v1': ['Model models'],
  'apps.nvidia.com/v1alpha1': ['NIMService nimservices', 'NIMCache nimcaches'],
  'production-stack.vllm.ai/v1alpha1': ['VLLMRuntime vllmruntimes', 'LoraAdapter loraadapters'],
  'ome.io/v1beta1': [
    'BaseModel basemodels',
    'ClusterBaseModel clusterbasemodels *',
    'FineTunedWeight finetunedweights *',
  ],
  'resources.yatai.ai/v1alpha1': ['Bento bentoes', 'BentoRequest bentorequests'],
  'ollama.ayaka.io/v1': ['Model models'],
};

export const ML_KINDS: readonly MlKind[] = Object.entries(GROUPS).flatMap(([apiVersion, lines]) => {
  const [group = '', version = ''] = apiVersion.split('/');
  return lines.map((line): MlKind => {
    const [kind = '', plural = '', star] = line.split(' ');
    return { group, version, kind, plural, scope: star === undefined ? 'Namespaced' : 'Cluster' };
  });
});

/** Kinds of Kubernetes itself that tests create: the plural, and whether they are cluster-scoped. */
const CORE: Readonly<Record<string, readonly [plural: string, scope: MlKind['scope']]>> = {
  'v1/Pod': ['pods', 'Namespaced'],
  'v1/PodTemplate': ['podtemplates', 'Namespaced'],
  'v1/ReplicationController': ['replicationcontrollers', 'Namespaced'],
  'v1/Namespace': ['namespaces', 'Cluster'],
  'v1/ConfigMap': ['configmaps', 'Namespaced'],
  'v1/Secret': ['secrets', 'Namespaced'],
  'v1/Service': ['services', 'Namespaced'],
  'v1/ServiceAccount': ['serviceaccounts', 'Namespaced'],
  'v1/PersistentVolumeClaim': ['persistentvolumeclaims', 'Namespaced'],
  'apps/v1/Deployment': ['deployments', 'Namespaced'],
  'apps/v1/StatefulSet': ['statefulsets', 'Namespaced'],
  'apps/v1/DaemonSet': ['daemonsets', 'Namespaced'],
  'apps/v1/ReplicaSet': ['replicasets', 'Namespaced'],
  'batch/v1/Job': ['jobs', 'Namespaced'],
  'batch/v1/CronJob': ['cronjobs', 'Namespaced'],
  'policy/v1/PodDisruptionBudget': ['poddisruptionbudgets', 'Namespaced'],
  'networking.k8s.io/v1/NetworkPolicy': ['networkpolicies', 'Namespaced'],
  'rbac.authorization.k8s.io/v1/Role': ['roles', 'Namespaced'],
  'rbac.authorization.k8s.io/v1/RoleBinding': ['rolebindings', 'Namespaced'],
  'rbac.authorization.k8s.io/v1/ClusterRole': ['clusterroles', 'Cluster'],
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': ['clusterrolebindings', 'Cluster'],
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': ['validatingwebhookconfigurations', 'Cluster'],
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': ['mutatingwebhookconfigurations', 'Cluster'],
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': ['validatingadmissionpolicies', 'Cluster'],
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': ['validatingadmissionpolicybindings', 'Cluster'],
  'apiextensions.k8s.io/v1/CustomResourceDefinition': ['customresourcedefinitions', 'Cluster'],
};

/** An object that a test sends to the API server. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** The path of the objects of a kind: `/apis/apps/v1/namespaces/ns/deployments`. */
export function collectionPath(apiVersion: string, kind: string, namespace: string): string {
  const ml = ML_KINDS.find((one) => `${one.group}/${one.version}` === apiVersion && one.kind === kind);
  const [plural, scope] = ml === undefined ? (CORE[`${apiVersion}/${kind}`] ?? []) : [ml.plural, ml.scope];
  if (plural === undefined) throw new Error(`no plural is known of ${apiVersion} ${kind}`);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return scope === 'Cluster' ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

/** A definition that accepts every field, with the subresource `status`. */
export function crdFor(
  group: string,
  version: string,
  kind: string,
  plural: string,
  scope: MlKind['scope'] = 'Namespaced',
): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const names = { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` };
  const versions = [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      // A group below `k8s.io` requires an annotation about its approval.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
    },
    spec: { group, scope, names, versions },
  };
}
