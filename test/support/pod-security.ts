// The rules of the Pod Security Standards' "restricted" profile (kubernetes.io, "Pod Security Standards") for a pod of ours.

type Container = {
  name: string;
  securityContext?: Record<string, unknown>;
  ports?: { hostPort?: number }[];
};
export type PodSpec = {
  securityContext?: Record<string, unknown>;
  containers: Container[];
  initContainers?: Container[];
  volumes?: Record<string, unknown>[];
  [field: string]: unknown;
};

const volumeKinds = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** What the profile refuses about a pod, in words. */
export function securityFaults(pod: PodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  return [...faultsOfPod(pod), ...containers.flatMap(faultsOfContainer)];
}

function faultsOfPod(pod: PodSpec): string[] {
  const whole = pod.securityContext ?? {};
  const kinds = (pod.volumes ?? []).map(
    (volume) => Object.keys(volume).find((key) => key !== "name") ?? "",
  );
  return [
    ...["hostNetwork", "hostPID", "hostIPC"].filter((field) => pod[field] === true),
    ...told("may run as root", whole.runAsNonRoot !== true),
    ...told("user 0, or the image's", !(Number(whole.runAsUser) > 0)),
    ...told("seccomp", (whole.seccompProfile as { type?: string })?.type !== "RuntimeDefault"),
    ...kinds.filter((kind) => !volumeKinds.includes(kind)).map((kind) => `volume ${kind}`),
  ];
}

function faultsOfContainer({ name, securityContext: own = {}, ports = [] }: Container): string[] {
  const capabilities = own.capabilities as { drop?: string[]; add?: string[] } | undefined;
  const faults = [
    ...told("privilege escalation", own.allowPrivilegeEscalation !== false),
    ...told("privileged", own.privileged === true),
    ...told("root", own.runAsUser === 0 || own.runAsNonRoot === false),
    ...told("capabilities", !capabilities?.drop?.includes("ALL") || Boolean(capabilities.add)),
    // Not of the profile, but what the image is made for.
    ...told("writable root", own.readOnlyRootFilesystem !== true),
    ...told(
      "host port",
      ports.some(({ hostPort }) => hostPort !== undefined),
    ),
  ];
  return faults.map((fault) => `${name}: ${fault}`);
}

const told = (fault: string, isSo: boolean): string[] => (isSo ? [fault] : []);
