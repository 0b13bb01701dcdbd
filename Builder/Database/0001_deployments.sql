-- What the Builder knows of a deployment beyond what is declared and what runs: enough to go on after it was killed anywhere.
CREATE TABLE deployments (
    uid uuid PRIMARY KEY,
    namespace text NOT NULL,
    name text NOT NULL,
    target text,
    -- The spec's generation that the newest revision was made of, and why the last one could not be.
    generation bigint NOT NULL DEFAULT 0,
    -- The revision that serves, and the one that is to take its place.
    serving int,
    next int,
    -- When the next one was begun, and when it last came forward.
    next_since timestamptz,
    progress_at timestamptz,
    promoted boolean NOT NULL DEFAULT false,
    -- Set by a rollback: this revision is wanted as long as the spec's generation is that.
    pinned_revision int,
    pinned_generation bigint,
    -- Raised to have a revision made anew of the same spec.
    restarts int NOT NULL DEFAULT 0,
    restarts_done int NOT NULL DEFAULT 0,
    phase text NOT NULL DEFAULT 'deploying',
    phase_since timestamptz NOT NULL DEFAULT now(),
    timings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz);
CREATE INDEX deployments_by_name ON deployments (namespace, name);

-- Everything that was ever applied, with its image's digest.
CREATE TABLE revisions (
    deployment uuid NOT NULL REFERENCES deployments ON DELETE CASCADE,
    number int NOT NULL,
    generation bigint NOT NULL,
    hash text NOT NULL,
    template jsonb NOT NULL,
    state text NOT NULL,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (deployment, number));

-- What observation alone cannot tell: that a server has answered before, and since when a replica leaves.
CREATE TABLE replicas (
    deployment uuid NOT NULL REFERENCES deployments ON DELETE CASCADE,
    revision int NOT NULL,
    ordinal int NOT NULL,
    incarnation text NOT NULL,
    ready_at timestamptz,
    draining_at timestamptz,
    PRIMARY KEY (deployment, revision, ordinal));

-- What happened, for people. Kept when the deployment is gone, until it is pruned.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    deployment uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    type text NOT NULL,
    reason text NOT NULL,
    message text NOT NULL,
    revision int);
CREATE INDEX events_of_a_deployment ON events (deployment, id);
CREATE INDEX events_by_name ON events (namespace, name, id);
CREATE INDEX events_by_age ON events (at);
