-- What is kept beside an image in the registry: its parts, what a scanner found, who signed it.
ALTER TABLE builds ADD COLUMN evidence jsonb;

-- What a layer says that it consists of, which its digest says for ever: bases are shared by many images.
CREATE TABLE layer_facts (
    digest text PRIMARY KEY,
    facts bytea NOT NULL,
    kept_at timestamptz NOT NULL);
