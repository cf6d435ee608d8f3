CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;
DO $x$ BEGIN PERFORM ';'; END $x$;
\i other.sql
COPY a (b) FROM stdin;
1	;
\.
SELECT E'\';', U&"d\0061;t" /* ; /* ; */ ; */ -- ;
;;SELECT 1