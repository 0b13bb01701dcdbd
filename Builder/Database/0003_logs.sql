-- The last lines of replicas that have ended, for whoever asks why. They go with their deployment.
CREATE TABLE logs (
    deployment uuid NOT NULL REFERENCES deployments ON DELETE CASCADE,
    revision int NOT NULL,
    ordinal int NOT NULL,
    incarnation text NOT NULL,
    at timestamptz NOT NULL,
    lines text NOT NULL,
    PRIMARY KEY (deployment, revision, ordinal, incarnation));
