-- Rows of the services, each written in the transaction of the subject's state.

CREATE TABLE funnel_entries (
  tenant text COLLATE "C" NOT NULL,
  funnel text COLLATE "C" NOT NULL,
  member text COLLATE "C" NOT NULL,
  day date NOT NULL, -- local day of the tenant
  level integer NOT NULL CHECK (level >= 0),
  status text NOT NULL CHECK (status IN ('open', 'converted', 'dropped', 'withdrawn')),
  times timestamptz[] NOT NULL, -- by step; NULL where not reached
  breakdown text,
  revision bigint NOT NULL,
  PRIMARY KEY (tenant, funnel, member, day)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX funnel_entries_by_day ON funnel_entries (tenant, funnel, day);

-- A touch is decided once.
CREATE TABLE touches (
  tenant text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL, -- journey/silent_recall, calendar/tuesday_draw
  step integer NOT NULL,
  subject text COLLATE "C" NOT NULL, -- member/900
  occurrence text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  template text NOT NULL,
  channel text NOT NULL,
  status text NOT NULL CHECK (status IN ('decided', 'deferred', 'dropped')),
  reason text NOT NULL,
  due_at timestamptz NOT NULL,
  decided_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, source, step, subject, occurrence)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX touches_by_id ON touches (tenant, id);
CREATE INDEX touches_by_subject ON touches (tenant, subject, decided_at);

CREATE TABLE deliveries (
  tenant text COLLATE "C" NOT NULL,
  touch text COLLATE "C" NOT NULL,
  channel text NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'attempting', 'sent', 'failed', 'unknown')),
  attempts integer NOT NULL CHECK (attempts >= 0),
  reason text NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, touch)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX deliveries_by_status ON deliveries (tenant, status, updated_at);
