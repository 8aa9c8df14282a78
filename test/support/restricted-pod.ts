// Pods as Pod Security `restricted` wants them (kubernetes.io/docs/concepts/security/pod-security-standards), with a read-only root.

/** `labels` has `app`. `containers`: what is special to each; image and name at least. */
export function restrictedPod(app: string, containers: object[], more: object = {}) {
  return {
    metadata: { labels: { app } },
    spec: {
      automountServiceAccountToken: false,
      // Else a service called onpoint-x would become a variable ONPOINT_X_..., which is no setting.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        fsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      volumes: [{ name: "tmp", emptyDir: {} }],
      ...more,
      containers: containers.map((container) => ({
        imagePullPolicy: "IfNotPresent",
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        ...container,
      })),
    },
  };
}

/** A container of a role, with the probes of its health. */
export function roleContainer(image: string, args: string[], env: Record<string, string>) {
  return {
    name: "onpoint",
    image,
    args,
    env: Object.entries({ ...env, ONPOINT_HEALTH_PORT: "8081" }).map(([name, value]) => ({
      name,
      value,
    })),
    livenessProbe: { httpGet: { path: "/live", port: 8081 }, periodSeconds: 5, timeoutSeconds: 10 },
    readinessProbe: { httpGet: { path: "/ready", port: 8081 }, periodSeconds: 1 },
  };
}

/** Leads to the pods of `app`. */
export const service = (name: string, app: string, port: number) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app }, ports: [{ port }] },
});
