-- One row: the revision of the last change. A writer locks it first, so that the order of commits is the order of revisions.
CREATE TABLE store (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    revision bigint NOT NULL);
INSERT INTO store (revision) VALUES (0);

-- What is declared now. The body is the whole resource (kind, metadata, spec, status); secrets are sealed inside it.
CREATE TABLE resources (
    kind text NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    uid uuid NOT NULL,
    revision bigint NOT NULL,
    generation bigint NOT NULL,
    managed_by text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (namespace, kind, name));

-- Who changed what and when, for ever: audit and rollback. Never updated but to seal secrets with a newer key.
CREATE TABLE revisions (
    revision bigint NOT NULL,
    kind text NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    uid uuid NOT NULL,
    generation bigint NOT NULL,
    action text NOT NULL CHECK (action IN ('created', 'configured', 'deleted')),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (namespace, kind, name, revision));

-- Every change, status included, for watchers and other replicas; only the latest revisions are kept.
CREATE TABLE changes (
    revision bigint NOT NULL,
    kind text NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('ADDED', 'MODIFIED', 'DELETED')),
    changed_by text NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (revision, namespace, kind, name));
CREATE INDEX changes_of_a_kind ON changes (namespace, kind, revision);
