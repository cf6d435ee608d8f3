COPY t FROM STDIN;
1	'a
\.
SELECT E'a'
'\';'; /* never closed