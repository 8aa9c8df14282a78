// A collector for tests: takes OTLP/HTTP on loopback and gives back what came, flattened.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

type AnyValue = {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
};
type KeyValue = { key: string; value: AnyValue };
type Resource = { resource?: { attributes?: KeyValue[] } };
type RawSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes?: KeyValue[];
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number; message?: string };
};
type RawLog = { body?: AnyValue; severityText?: string; attributes?: KeyValue[]; traceId?: string };
type RawMetric = {
  name: string;
  sum?: { dataPoints: RawPoint[] };
  histogram?: { dataPoints: RawPoint[] };
};
type RawPoint = {
  attributes?: KeyValue[];
  asInt?: number | string;
  asDouble?: number;
  count?: number;
};
type Envelope = {
  resourceSpans?: (Resource & { scopeSpans: { spans: RawSpan[] }[] })[];
  resourceMetrics?: (Resource & { scopeMetrics: { metrics: RawMetric[] }[] })[];
  resourceLogs?: (Resource & { scopeLogs: { logRecords: RawLog[] }[] })[];
};

export type Attributes = Record<string, string | number | boolean | undefined>;
export type ReceivedSpan = {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  /** OTLP SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  attributes: Attributes;
  links: { traceId: string; spanId: string }[];
  /** OTLP StatusCode: 0 unset, 1 ok, 2 error. */
  status: number;
  statusMessage: string;
};
export type ReceivedMetric = {
  service: string;
  name: string;
  attributes: Attributes;
  value: number;
};
export type ReceivedLog = {
  service: string;
  text: string;
  level: string;
  traceId: string;
  attributes: Attributes;
};
/** One request: bodies other than JSON are counted, not read. */
export type ReceivedRequest = { path: string; contentType: string; sizeBytes: number };

export type OtlpReceiver = {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  spans(): ReceivedSpan[];
  /** Every data point that came, in order; sums are cumulative. */
  metrics(): ReceivedMetric[];
  logs(): ReceivedLog[];
  requests(): ReceivedRequest[];
  close(): Promise<void>;
};

/** Starts a receiver on a free port of 127.0.0.1 (OTLP specification 1.x, "OTLP/HTTP"). */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: ReceivedRequest[] = [];
  const envelopes: Envelope[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    const contentType = request.headers["content-type"] ?? "";
    requests.push({ path: request.url ?? "", contentType, sizeBytes: body.length });
    const json = contentType.startsWith("application/json");
    if (json) envelopes.push(JSON.parse(body.toString("utf8")) as Envelope);
    response.writeHead(200, { "content-type": contentType }).end(json ? "{}" : "");
  };
  const server = createServer((request, response) => {
    receive(request, response).catch((cause) => response.destroy(cause));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    spans: () =>
      envelopes.flatMap((envelope) =>
        (envelope.resourceSpans ?? []).flatMap((group) =>
          group.scopeSpans.flatMap((scope) => scope.spans.map((span) => spanOf(group, span))),
        ),
      ),
    metrics: () =>
      envelopes.flatMap((envelope) =>
        (envelope.resourceMetrics ?? []).flatMap((group) =>
          group.scopeMetrics.flatMap((scope) =>
            scope.metrics.flatMap((metric) => pointsOf(group, metric)),
          ),
        ),
      ),
    logs: () =>
      envelopes.flatMap((envelope) =>
        (envelope.resourceLogs ?? []).flatMap((group) =>
          group.scopeLogs.flatMap((scope) =>
            scope.logRecords.map((record) => logOf(group, record)),
          ),
        ),
      ),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function attributesOf(list: KeyValue[] | undefined): Attributes {
  return Object.fromEntries(
    (list ?? []).map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        value.doubleValue ??
        (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  );
}

function serviceOf(group: Resource): string {
  return String(attributesOf(group.resource?.attributes)["service.name"] ?? "");
}

function spanOf(group: Resource, span: RawSpan): ReceivedSpan {
  return {
    service: serviceOf(group),
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || null,
    name: span.name,
    kind: span.kind,
    attributes: attributesOf(span.attributes),
    links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
    status: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? "",
  };
}

function pointsOf(group: Resource, metric: RawMetric): ReceivedMetric[] {
  const points = metric.sum?.dataPoints ?? metric.histogram?.dataPoints ?? [];
  return points.map((point) => ({
    service: serviceOf(group),
    name: metric.name,
    attributes: attributesOf(point.attributes),
    value: Number(point.asInt ?? point.asDouble ?? point.count ?? 0),
  }));
}

function logOf(group: Resource, record: RawLog): ReceivedLog {
  return {
    service: serviceOf(group),
    text: record.body?.stringValue ?? "",
    level: record.severityText ?? "",
    traceId: record.traceId ?? "",
    attributes: attributesOf(record.attributes),
  };
}
