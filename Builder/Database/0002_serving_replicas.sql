-- How many replicas the serving revision had when the next one was begun: what is added meanwhile is added to the next one.
ALTER TABLE deployments ADD COLUMN serving_replicas int;
