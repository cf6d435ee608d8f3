SELECT remrak FROM orders WHERE id = $1;
SELECT id FROM invoices;
SELECT count(*) FROM pg_stat_activity;
SELECT xmin, o FROM orders o;
SELECT id FROM spatial_ref_sys;
SELECT x.anything FROM json_to_record($1) AS x;
WITH c AS (SELECT id AS y FROM orders) SELECT y FROM c;
