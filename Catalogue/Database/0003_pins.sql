-- What a name that may come to mean something else meant when it was asked for: the commit of a repository's revision, the digest of an image.
-- Append-only, kept for ever. The highest number counts; whoever writes a number first has it, so that the first one wins, at renewals too.
CREATE TABLE pins (
    namespace text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('revision', 'image')),
    reference text NOT NULL,
    number int NOT NULL CHECK (number > 0),
    value text NOT NULL,
    facts jsonb,
    pinned_by text NOT NULL,
    pinned_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, kind, reference, number));
