-- The model that a revision runs as it was declared then: by now its name may be another's; absent: the deployment declares it itself, or it is from before that.
ALTER TABLE revisions ADD COLUMN model jsonb;
