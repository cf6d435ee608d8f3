-- no-transaction
-- schema: CREATE TABLE orders (ix$;
\i other.sql
COPY a (b) FROM stdin;0000000000000000000000000000000000000000000000000000000000000000000000000
1	;
\.
SELECT E'\';' orders_user_itx;
REINDEX SCHEMA shop;
