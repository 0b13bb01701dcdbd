-- The usage ledger: append-only, one row a request, idempotent by the event's id (a UUIDv7, so that ids sort by time).
CREATE TABLE usage_events (
    id uuid PRIMARY KEY,
    namespace text NOT NULL,
    key text NOT NULL,
    request_id text NOT NULL,
    trace_id text,
    operation text NOT NULL,
    model text NOT NULL,
    provider text,
    simulated boolean NOT NULL,
    stream boolean NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    estimated boolean NOT NULL,
    status int NOT NULL,
    outcome text NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms double precision NOT NULL,
    time_to_first_token_ms double precision,
    recorded_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX usage_of_a_namespace ON usage_events (namespace, id DESC);
CREATE INDEX usage_of_a_key ON usage_events (namespace, key, id DESC);
CREATE INDEX usage_of_a_model ON usage_events (namespace, model, id DESC);
CREATE INDEX usage_of_a_request ON usage_events (request_id);
CREATE INDEX usage_of_a_trace ON usage_events (trace_id) WHERE trace_id IS NOT NULL;
