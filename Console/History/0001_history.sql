-- Telemetry beyond what memory holds. What comes in masses lies in a partition a day (made by the writer), so that it goes by DROP TABLE.
CREATE TABLE emitters (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service text NOT NULL,
    instance text NOT NULL,
    tags json NOT NULL,
    hash bytea NOT NULL UNIQUE);

CREATE TABLE spans (
    trace_id uuid NOT NULL,
    span_id bigint NOT NULL,
    parent_id bigint NOT NULL,
    emitter_id int NOT NULL,
    scope text NOT NULL,
    name text NOT NULL,
    kind smallint NOT NULL,
    start_time timestamptz NOT NULL,
    duration_ns bigint NOT NULL,
    status smallint NOT NULL,
    status_message text NOT NULL,
    tags json NOT NULL,
    events json NOT NULL)
    PARTITION BY RANGE (start_time);
CREATE INDEX spans_of_a_trace ON spans (trace_id);

-- What the list of traces shows and filters by: one row a trace, kept up as its spans come.
CREATE TABLE traces (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    service text NOT NULL,
    kind smallint NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    spans int NOT NULL,
    failed_spans int NOT NULL,
    services jsonb NOT NULL,
    is_whole boolean NOT NULL,
    model text,
    models text[] NOT NULL,
    request_id text,
    input_tokens bigint,
    output_tokens bigint,
    first_chunk_ms double precision);
CREATE INDEX traces_by_time ON traces (start_time DESC);
CREATE INDEX traces_of_a_request ON traces (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX traces_of_models ON traces (start_time DESC) WHERE model IS NOT NULL;
CREATE INDEX traces_that_failed ON traces (start_time DESC) WHERE failed_spans > 0;

CREATE SEQUENCE log_numbers;
CREATE TABLE logs (
    number bigint NOT NULL DEFAULT nextval('log_numbers'),
    time timestamptz NOT NULL,
    emitter_id int NOT NULL,
    category text NOT NULL,
    severity smallint NOT NULL,
    body text NOT NULL,
    event_name text NOT NULL,
    trace_id uuid,
    span_id bigint NOT NULL,
    tags json NOT NULL)
    PARTITION BY RANGE (time);
CREATE INDEX logs_by_number ON logs (number DESC);
CREATE INDEX logs_of_a_trace ON logs (trace_id) WHERE trace_id IS NOT NULL;

CREATE TABLE series (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    emitter_id int NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    description text NOT NULL,
    kind smallint NOT NULL,
    bounds double precision[] NOT NULL,
    tags json NOT NULL,
    hash bytea NOT NULL UNIQUE,
    last_time timestamptz NOT NULL);
CREATE INDEX series_by_name ON series (name);

CREATE TABLE points (
    series_id bigint NOT NULL,
    time timestamptz NOT NULL,
    value double precision NOT NULL,
    count bigint NOT NULL,
    buckets bigint[])
    PARTITION BY RANGE (time);
CREATE INDEX points_of_a_series ON points (series_id, time DESC);
