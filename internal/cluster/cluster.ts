// The seam between the coordinator's scaling and where the role processes run: children of `onpoint run`
// (cluster-local.ts) or Deployments.
//
// Contract:
// - `setReplicas` states how many processes of a role are wanted from now on, and returns when that is asked for, not when
//   it is so: starting and draining go on behind it. Asking again for the same number does nothing.
// - Fewer means SIGTERM, idle ones first, never a busy one while an idle one lives; a stopped process drains.
// - A process that dies unasked is replaced, with backoff. A new one may start while an old one still drains.
// - `running` counts live processes, draining ones included, so 0 means that none is left.

export interface Cluster {
  /** `replicas`: a whole number, 0 or more. */
  setReplicas(role: string, replicas: number): Promise<void>;
  replicas(role: string): Promise<{ wanted: number; running: number }>;
}
