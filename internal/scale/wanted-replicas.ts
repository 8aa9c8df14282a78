// How many pods a stage can use now: by what it can work on, not by what is queued. Pure.

export type Demand = {
  /** Hosts of the run's frontier that are not done; 0 once the crawl is complete. */
  crawlShards: number;
  /** Tasks that are announced and not finished, by role. */
  open: { process: number; etl: number; upload: number };
};
export type Limits = { crawl: number; process: number; etl: number; upload: number };

/** Pods by role, from zero to the role's limit. */
export function wantedReplicas(demand: Demand, limits: Limits): Limits {
  return {
    crawl: demand.crawlShards > 0 ? limits.crawl : 0,
    process: Math.min(limits.process, demand.open.process),
    etl: Math.min(limits.etl, demand.open.etl),
    upload: Math.min(limits.upload, demand.open.upload),
  };
}
