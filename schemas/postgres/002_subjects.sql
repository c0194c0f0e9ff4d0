-- The state of every subject, as each consuming service keeps it, and what people read of it.

CREATE TABLE subject_states (
  consumer_group text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL, -- tenant/kind/id
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  due bigint, -- earliest timer, ms since 1970; NULL: none
  state bytea NOT NULL, -- the core's own form, versioned by its first byte
  projection jsonb, -- what queries read
  PRIMARY KEY (consumer_group, subject)
) WITH (
  fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05,
  autovacuum_vacuum_cost_delay = 1, autovacuum_vacuum_cost_limit = 2000
);
CREATE INDEX subject_states_timers ON subject_states (consumer_group, topic, partition, due) WHERE due IS NOT NULL;

-- The three parts of `tenant/kind/id`; the id may hold slashes.
CREATE FUNCTION subject_tenant(subject text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN split_part(subject, '/', 1);
CREATE FUNCTION subject_kind(subject text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN split_part(subject, '/', 2);
CREATE FUNCTION subject_id(subject text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN substr(subject, length(split_part(subject, '/', 1)) + length(split_part(subject, '/', 2)) + 3);

-- One row a tag: `{"tags": {"x": {"value": …, "since": "RFC 3339"}}, "metrics": {…}, "sequence": n}`.
CREATE VIEW tags AS
SELECT
  subject_tenant(s.subject) AS tenant,
  subject_kind(s.subject) AS kind,
  subject_id(s.subject) AS id,
  t.key AS tag,
  t.value -> 'value' AS value,
  (t.value ->> 'since')::timestamptz AS since,
  (s.projection ->> 'sequence')::bigint AS sequence
FROM subject_states AS s
CROSS JOIN LATERAL jsonb_each(s.projection -> 'tags') AS t
WHERE s.consumer_group = 'tagger';

-- One row a membership: `{"segments": {"silent_vip": {"since": "RFC 3339"}}}`.
CREATE VIEW memberships AS
SELECT
  subject_tenant(s.subject) AS tenant,
  m.key AS segment,
  subject_id(s.subject) AS member,
  (m.value ->> 'since')::timestamptz AS since
FROM subject_states AS s
CROSS JOIN LATERAL jsonb_each(s.projection -> 'segments') AS m
WHERE s.consumer_group = 'segmenter' AND subject_kind(s.subject) = 'member';
