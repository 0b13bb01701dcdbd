-- Videos that are being made, or were: one row each, gone when it expires.
CREATE TABLE videos (
    namespace text NOT NULL,
    id text NOT NULL,
    key_name text NOT NULL,
    team text,
    model text NOT NULL,     -- the public id
    provider text,           -- who makes it, at which of its URLs, with which of its keys, and under which id; of what the gateway makes itself, nothing
    endpoint text,
    provider_key int,
    job text,
    status text NOT NULL,
    progress int NOT NULL,
    prompt text NOT NULL,
    size text,
    seconds text,
    error_code text,
    error_message text,
    output text,             -- where the engine says that the video is
    content_type text,       -- of the gateway's own file
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    expires_at timestamptz NOT NULL,
    asked_at timestamptz,    -- when the engine was last asked how far it is
    PRIMARY KEY (namespace, id));
CREATE INDEX videos_by_expiry ON videos (expires_at);
CREATE INDEX videos_by_id ON videos (id);
CREATE INDEX videos_by_key ON videos (namespace, key_name, created_at, id);
CREATE INDEX videos_by_team ON videos (namespace, team, created_at, id) WHERE team IS NOT NULL;
