-- Totals without a member: one value for each (type, day, channel or campaign); a newer one replaces it. Node 0 of a path
-- is their sum by day and channel.

CREATE TABLE aggregates (
  tenant text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL, -- channel.exposed, channel.spent
  day date NOT NULL, -- local day of the tenant
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('channel', 'campaign')),
  id text COLLATE "C" NOT NULL,
  value numeric NOT NULL,
  PRIMARY KEY (tenant, type, day, kind, id)
) WITH (fillfactor = 85);
