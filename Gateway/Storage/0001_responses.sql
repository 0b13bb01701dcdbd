-- Responses that clients may read again, go on from or wait for: one row each, gone when it expires.
CREATE TABLE responses (
    namespace text NOT NULL,
    id text NOT NULL,
    key_name text NOT NULL,
    previous_id text,
    status text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    input bytea NOT NULL,    -- the request's own items, a JSON array
    response bytea NOT NULL, -- the response object, as clients get it
    PRIMARY KEY (namespace, id));
CREATE INDEX responses_by_expiry ON responses (expires_at);

-- Requests that are answered without their client. Whoever runs one renews its lease; of one whose lease is over, any gateway may take it.
CREATE TABLE runs (
    namespace text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    key_name text NOT NULL,
    headers text NOT NULL,   -- a JSON object
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    attempt int NOT NULL,
    owner text NOT NULL,
    lease_until timestamptz NOT NULL,
    PRIMARY KEY (namespace, id));
CREATE INDEX runs_by_lease ON runs (lease_until);

-- What a run has told so far, for clients that follow it or come back to it.
CREATE TABLE run_events (
    namespace text NOT NULL,
    id text NOT NULL,
    sequence int NOT NULL,
    event bytea NOT NULL,
    PRIMARY KEY (namespace, id, sequence));
