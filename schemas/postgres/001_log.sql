-- Where each consumer group stands in each partition of the log, and what it has yet to publish.

-- One row. `store_epoch` is raised by a restore or a failover: subscribers see it and expect sequences to step back.
CREATE TABLE store_meta (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  store_epoch bigint NOT NULL DEFAULT 1 CHECK (store_epoch > 0)
);
INSERT INTO store_meta DEFAULT VALUES;

-- A log epoch is one life of the broker's topics: opened when they were made anew, never silently.
CREATE TABLE log_epochs (
  epoch bigint PRIMARY KEY CHECK (epoch > 0),
  topics text[], -- NULL: all topics
  reason text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO log_epochs (epoch, reason) VALUES (1, 'first');

CREATE FUNCTION current_log_epoch(of_topic text) RETURNS bigint
  LANGUAGE sql STABLE
  RETURN (SELECT max(epoch) FROM log_epochs WHERE topics IS NULL OR of_topic = ANY (topics));

-- One row for each (group, topic, partition): the offset and the fence of every transaction on the partition's state.
CREATE TABLE partition_offsets (
  consumer_group text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL CHECK (partition >= 0),
  log_epoch bigint NOT NULL,
  next_offset bigint NOT NULL DEFAULT 0 CHECK (next_offset >= 0),
  owner_epoch bigint NOT NULL DEFAULT 0, -- raised by each new owner
  flush_no bigint NOT NULL DEFAULT 0, -- raised by each commit
  outbox_position bigint NOT NULL DEFAULT 0, -- of the newest frame
  published_through bigint NOT NULL DEFAULT 0, -- frames up to here are in the log
  state bytea NOT NULL DEFAULT '', -- the service's own, for instance its clocks
  folded_epochs jsonb NOT NULL DEFAULT '{}', -- earlier log epoch to the next offset it had reached
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, topic, partition)
) WITH (
  -- Few rows, each rewritten up to twenty times a second: room to update in place, and vacuumed often.
  fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX partition_offsets_by_topic ON partition_offsets (topic, partition);

-- What each flush changed, in order, until it is in the log; where the broker keeps none, until all have read it.
CREATE TABLE outbox_frames (
  consumer_group text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL CHECK (position > 0),
  frame bytea NOT NULL,
  written jsonb, -- NULL: not published; else {"topic": {"partition": highest offset}}
  PRIMARY KEY (consumer_group, topic, partition, position)
) WITH (
  autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_threshold = 10000
);
-- Frames live for a moment: compressing them costs more than it saves.
ALTER TABLE outbox_frames ALTER COLUMN frame SET STORAGE EXTERNAL;
