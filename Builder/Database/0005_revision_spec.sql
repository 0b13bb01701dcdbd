-- What a revision was made of, so that its licences can be asked for again before it is started anew; absent: it is from before that.
ALTER TABLE revisions ADD COLUMN spec jsonb;

-- How many replicas of it the licence gate has let start.
ALTER TABLE revisions ADD COLUMN granted int NOT NULL DEFAULT 0;
