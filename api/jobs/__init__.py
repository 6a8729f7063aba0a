"""Everything that takes time: the life of a job, its shards, its event log, who works on it."""
