-- Images that were built or are to be. A row is a piece of work: what it is made of, where it goes, and how far it is.
CREATE TABLE builds (
    id uuid PRIMARY KEY,
    namespace text NOT NULL,
    model text NOT NULL,
    -- SHA-256 of all that goes in: the same key is the same image.
    key text NOT NULL,
    -- Where it is pushed, without a tag; empty: it stays with the container tool of the machine.
    repository text NOT NULL,
    recipe jsonb NOT NULL,
    state text NOT NULL,
    attempt int NOT NULL DEFAULT 0,
    -- A failure that may pass is tried again then.
    not_before timestamptz,
    cancelled_by text,
    -- Who asked, and for which wishes (a generation of a deployment): one that has waited for a failed build does not begin another.
    asked_by text NOT NULL,
    wishes text[] NOT NULL DEFAULT '{}',
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    progress text,
    image text,
    digest text,
    reason text,
    message text,
    timings jsonb NOT NULL DEFAULT '{}');
-- Whoever asks for what is under way already waits for that.
CREATE UNIQUE INDEX builds_under_way ON builds (namespace, key, repository) WHERE state IN ('queued', 'building', 'pushing');
CREATE INDEX builds_by_key ON builds (namespace, key, repository, asked_at);
CREATE INDEX builds_by_state ON builds (state, asked_at);
CREATE INDEX builds_by_namespace ON builds (namespace, asked_at);

CREATE TABLE build_log (
    build uuid NOT NULL REFERENCES builds ON DELETE CASCADE,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (build, number));
