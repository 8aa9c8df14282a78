// Metrics, declared beside the code that moves them. Labels are a closed set: a URL, host or run id as a label would
// make one time series each.
import { type Attributes, type MeterProvider, metrics } from "@opentelemetry/api";

export type MetricLabels = {
  role?: string;
  stage?: string;
  source?: string;
  table?: string;
  lane?: string;
  outcome?: string;
  "error.type"?: string;
  "http.response.status_code"?: number;
};

/** Records one value; without a started SDK it does nothing. */
export type Recorder = (value: number, labels?: MetricLabels) => void;

type MetricName = `onpoint.${string}`;
type Meter = ReturnType<MeterProvider["getMeter"]>;

/** A sum that only grows. `unit` as UCUM: `{page}`, `By`, `s`. */
export function counter(name: MetricName, unit: string, description: string): Recorder {
  return recorder((meter) => {
    const instrument = meter.createCounter(name, { unit, description });
    return (value, labels) => instrument.add(value, labels);
  });
}

/** A distribution of values in the given buckets (upper bounds, ascending). */
export function histogram(
  name: MetricName,
  unit: string,
  description: string,
  buckets: number[],
): Recorder {
  return recorder((meter) => {
    const advice = { explicitBucketBoundaries: buckets };
    const instrument = meter.createHistogram(name, { unit, description, advice });
    return (value, labels) => instrument.record(value, labels);
  });
}

/** Buckets in seconds of the semantic conventions for messaging (`messaging.process.duration`). */
export const secondsBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

// The metrics API has no proxy: an instrument made before the SDK starts stays a no-op, so it is made again then.
function recorder(create: (meter: Meter) => (value: number, labels: Attributes) => void): Recorder {
  let madeBy: MeterProvider | null = null;
  let record: (value: number, labels: Attributes) => void = () => undefined;
  return (value, labels = {}) => {
    const provider = metrics.getMeterProvider();
    if (provider !== madeBy) {
      record = create(provider.getMeter("onpoint"));
      madeBy = provider;
    }
    record(value, labels);
  };
}
