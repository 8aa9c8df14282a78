// Spans and trace context, on the OpenTelemetry API alone: without a started SDK every call here does nothing.
import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { describeError } from "../std/errors.ts";
import { redactText } from "./redact.ts";

/** Headers that carry W3C Trace Context (`traceparent`, `tracestate`), as on queue messages. */
export type TraceHeaders = Record<string, string>;

export type InSpanOptions = {
  kind?: "internal" | "producer" | "consumer" | "client" | "server";
  /** High-cardinality values (URL, run) are welcome here, and only here. No secrets. */
  attributes?: Attributes;
  /** Parent from another process; without it, or when it carries no context, the current span. */
  parent?: TraceHeaders;
  /** Begins a trace of its own, whatever the current span is. */
  root?: boolean;
  /** Spans this one follows from without being their child: the run, an earlier delivery. */
  links?: TraceHeaders[];
};

const kinds = {
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
};

/**
 * Runs `body` in a new span that is current while it runs. What `body` throws is recorded (class in `error.type`,
 * redacted text in the status) and thrown on.
 */
export async function inSpan<T>(
  name: string,
  options: InSpanOptions,
  body: (span: Span) => Promise<T>,
): Promise<T> {
  const remote = options.parent ? propagation.extract(ROOT_CONTEXT, options.parent) : null;
  const outer = options.root ? ROOT_CONTEXT : context.active();
  const parent = remote && trace.getSpanContext(remote) ? remote : outer;
  const links = (options.links ?? []).flatMap((headers) => {
    const linked = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));
    return linked ? [{ context: linked }] : [];
  });
  const span = trace
    .getTracer("onpoint")
    .startSpan(
      name,
      { kind: kinds[options.kind ?? "internal"], attributes: options.attributes ?? {}, links },
      parent,
    );
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await body(span);
    } catch (error) {
      span.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(describeError(error)) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The current trace context as headers for a message; empty when there is none. */
export function injectHeaders(): TraceHeaders {
  const headers: TraceHeaders = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Ids of the current span as log fields, or null outside of one. */
export function activeTrace(): { trace_id: string; span_id: string; trace_flags: string } | null {
  const current = trace.getSpanContext(context.active());
  if (!current) return null;
  return {
    trace_id: current.traceId,
    span_id: current.spanId,
    trace_flags: current.traceFlags.toString(16).padStart(2, "0"),
  };
}
