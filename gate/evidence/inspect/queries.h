// The catalogue as SQL, one family of objects each: queries of one column that holds statements, in
// an order in which they can be run. With an empty search path PostgreSQL's own functions give
// names with their schema. Written for PostgreSQL 11 to 18: columns that only some of them have are
// read through to_jsonb.
//
// Source: PostgreSQL manual, chapter 53 (system catalogs) and section 9.26.
#ifndef GATE_EVIDENCE_INSPECT_QUERIES_H_
#define GATE_EVIDENCE_INSPECT_QUERIES_H_

namespace gate::inspect {

// `n` is a schema of the user's own.
#define GATE_OURS                                          \
  " n.nspname NOT IN ('pg_catalog', 'information_schema')" \
  " AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp\\_%' "
// Not made by an extension.
#define GATE_NOT_OF_EXTENSION(catalog, oid)                          \
  " NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '" catalog \
  "'::regclass"                                                      \
  " AND e.objid = " oid " AND e.deptype = 'e') "

inline constexpr char kSchemas[] =
    "SELECT format('CREATE SCHEMA %I;', n.nspname) FROM pg_namespace n"
    " WHERE n.nspname <> 'public' AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_namespace", "n.oid") "ORDER BY n.nspname";

inline constexpr char kExtensions[] =
    "SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I;', x.extname, n.nspname)"
    " FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace"
    " WHERE x.extname <> 'plpgsql' ORDER BY x.oid";

// Enums, domains, ranges and composite types, as they were made one after the other.
inline constexpr char kTypes[] =
    "SELECT CASE t.typtype"
    " WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s);', n.nspname, t.typname,"
    "   (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder)"
    "    FROM pg_enum l WHERE l.enumtypid = t.oid))"
    " WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s%s%s%s;', n.nspname, t.typname,"
    "   format_type(t.typbasetype, t.typtypmod), ' DEFAULT ' || t.typdefault,"
    "   CASE WHEN t.typnotnull THEN ' NOT NULL' END,"
    "   (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ''"
    "      ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))"
    " WHEN 'r' THEN format('CREATE TYPE %I.%I AS RANGE (subtype = %s);', n.nspname, t.typname,"
    "   (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid))"
    " ELSE format('CREATE TYPE %I.%I AS (%s);', n.nspname, t.typname,"
    "   (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '"
    "      ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0"
    "      AND NOT a.attisdropped))"
    " END FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
    " LEFT JOIN pg_class c ON c.oid = t.typrelid"
    " WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')) AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_type", "t.oid") "ORDER BY t.oid";

// Those of identity columns come with their column.
inline constexpr char kSequences[] =
    "SELECT format('CREATE %sSEQUENCE %I.%I AS %s;', CASE c.relpersistence WHEN 'u' THEN"
    "   'UNLOGGED ' END, n.nspname, c.relname, format_type(s.seqtypid, NULL))"
    " FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid"
    "   AND d.classid = 'pg_class'::regclass AND d.deptype = 'i') AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid") "ORDER BY 1";
// They go with their column: serial.
inline constexpr char kOwnedSequences[] =
    "SELECT format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I;', n.nspname, c.relname, m.nspname,"
    "   t.relname, a.attname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    "   AND d.deptype = 'a' AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0"
    " JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace m ON m.oid = t.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid"
    " WHERE c.relkind = 'S' AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid") "ORDER BY 1";

// Whether tables have to be there first: its arguments or result are rows of one, or PostgreSQL has
// parsed its body (BEGIN ATOMIC).
#define GATE_OF_TABLE                                                                \
  " (to_jsonb(p) ->> 'prosqlbody' IS NOT NULL"                                       \
  " OR EXISTS (SELECT FROM pg_type y JOIN pg_class r ON r.oid = y.typrelid"          \
  " WHERE r.relkind <> 'c' AND (y.oid = p.prorettype OR y.oid = ANY (p.proargtypes)" \
  "   OR y.typarray = p.prorettype OR y.typarray = ANY (p.proargtypes)))) "
// Not those that a type brings along.
#define GATE_FUNCTIONS                                                                \
  "SELECT pg_get_functiondef(p.oid) || ';' FROM pg_proc p"                            \
  " JOIN pg_namespace n ON n.oid = p.pronamespace"                                    \
  " WHERE p.prokind IN ('f', 'p', 'w') AND NOT EXISTS (SELECT FROM pg_depend i"       \
  "   WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')" \
  " AND" GATE_OURS "AND" GATE_NOT_OF_EXTENSION("pg_proc", "p.oid") "AND"
inline constexpr char kFunctions[] = GATE_FUNCTIONS " NOT" GATE_OF_TABLE "ORDER BY p.oid";
inline constexpr char kFunctionsOfTables[] = GATE_FUNCTIONS GATE_OF_TABLE "ORDER BY p.oid";

// Foreign tables are told as tables: what running code sees of them is the same.
inline constexpr char kTables[] =
    "SELECT format(E'CREATE %sTABLE %I.%I (%s\\n)%s;',"
    "   CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, n.nspname, c.relname,"
    "   (SELECT string_agg(format(E'\\n  %I %s%s%s%s', a.attname,"
    "      format_type(a.atttypid, a.atttypmod),"
    "      CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format(' COLLATE %I.%I',"
    "        m.nspname, o.collname) FROM pg_collation o JOIN pg_namespace m"
    "        ON m.oid = o.collnamespace WHERE o.oid = a.attcollation) END,"
    "      CASE WHEN a.attidentity <> '' AND c.relispartition THEN ''"
    "        WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'"
    "        WHEN a.attidentity = 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY'"
    "        WHEN to_jsonb(a) ->> 'attgenerated' = 's' THEN"
    "          format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))"
    "        WHEN to_jsonb(a) ->> 'attgenerated' = 'v' THEN"
    "          format(' GENERATED ALWAYS AS (%s)', pg_get_expr(d.adbin, d.adrelid))"
    "        ELSE ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END,"
    "      CASE WHEN a.attnotnull THEN ' NOT NULL' END), ',' ORDER BY a.attnum)"
    "    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
    "    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    "    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),"
    "   ' PARTITION BY ' || pg_get_partkeydef(c.oid))"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'f') AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid") "ORDER BY c.oid";

#define GATE_NAME(class, schema) "format('%I.%I', " schema ".nspname, " class ".relname)"

inline constexpr char kChildren[] =
    "SELECT format(CASE WHEN c.relispartition THEN 'ALTER TABLE %1$s ATTACH PARTITION %2$s %3$s;'"
    "   ELSE 'ALTER TABLE %2$s INHERIT %1$s;' END, " GATE_NAME("p", "m") ", " GATE_NAME("c", "n")
    ",  pg_get_expr(c.relpartbound, c.oid))"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class p ON p.oid = i.inhparent"
    " JOIN pg_namespace m ON m.oid = p.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'f') AND" GATE_OURS "ORDER BY p.oid, c.oid";

// Keys first: foreign keys lean on them. Those of partitions come with their parent's.
inline constexpr char kConstraints[] =
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s;', " GATE_NAME("c", "n")
    ",  k.conname, pg_get_constraintdef(k.oid))"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE k.contype IN ('p', 'u', 'x', 'c', 'f') AND k.conparentid = 0 AND k.conislocal"
    " AND c.relkind IN ('r', 'p') AND" GATE_OURS "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid")
    "ORDER BY k.contype = 'f', k.contype = 'c', k.oid";

// PostgreSQL prints those of partitioned tables with ONLY; here they are to have all their parts.
inline constexpr char kIndexes[] =
    "SELECT CASE x.relkind WHEN 'I' THEN replace(pg_get_indexdef(x.oid), ' ON ONLY ', ' ON ')"
    "   ELSE pg_get_indexdef(x.oid) END || ';'"
    " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE i.indisvalid AND NOT x.relispartition AND c.relkind IN ('r', 'p', 'm') AND NOT EXISTS"
    "   (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')) "
    "AND" GATE_OURS "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid") "ORDER BY x.oid";
inline constexpr char kInvalidIndexes[] =
    "SELECT " GATE_NAME("x", "n") " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = x.relnamespace WHERE NOT i.indisvalid AND x.relkind = 'i' AND"
    GATE_OURS "ORDER BY 1";

// oid, statement. Views are made of others: see kViewsOfViews.
inline constexpr char kViews[] =
    "SELECT c.oid, format(E'CREATE %sVIEW %s AS\\n%s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED '"
    " END, " GATE_NAME("c", "n") ", pg_get_viewdef(c.oid))"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('v', 'm') AND" GATE_OURS "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid")
    "ORDER BY c.oid";
// oid of a view, oid of one that it reads.
inline constexpr char kViewsOfViews[] =
    "SELECT DISTINCT r.ev_class, d.refobjid FROM pg_rewrite r JOIN pg_depend d"
    " ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
    " AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class"
    " JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('v', 'm') ORDER BY 1, 2";

inline constexpr char kTriggers[] =
    "SELECT pg_get_triggerdef(t.oid) || ';' || CASE t.tgenabled WHEN 'D' THEN"
    "   format(E'\\nALTER TABLE %s DISABLE TRIGGER %I;', " GATE_NAME("c", "n") ", t.tgname) ELSE ''"
    " END FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT t.tgisinternal AND coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0' AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid") "ORDER BY t.oid";

inline constexpr char kRules[] =
    "SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid") "ORDER BY r.oid";

inline constexpr char kRowSecurity[] =
    "SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY;', " GATE_NAME("c", "n") ", v.what)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
    " LATERAL (VALUES (c.relrowsecurity, 'ENABLE'), (c.relforcerowsecurity, 'FORCE')) v(is_on, what)"
    " WHERE v.is_on AND" GATE_OURS "ORDER BY 1";
inline constexpr char kPolicies[] =
    "SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s;', p.polname, "
    GATE_NAME("c", "n") ", CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
    "   CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'"
    "     WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,"
    "   (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role))"
    "      END, ', ' ORDER BY role) FROM unnest(p.polroles) role),"
    "   ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',"
    "   ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')"
    " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE" GATE_OURS "ORDER BY p.oid";

#define GATE_TO \
  "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END"
inline constexpr char kGrants[] =
    "SELECT format('GRANT %s ON %s %s TO %s;', g.privilege_type,"
    "   CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, " GATE_NAME("c", "n") ", " GATE_TO ")"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) g"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND g.grantee <> c.relowner AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid")
    "UNION ALL SELECT format('GRANT %s (%I) ON TABLE %s TO %s;', g.privilege_type, a.attname, "
    GATE_NAME("c", "n") ", " GATE_TO ") FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(a.attacl) g"
    " WHERE NOT a.attisdropped AND g.grantee <> c.relowner AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_class", "c.oid")
    "UNION ALL SELECT format('GRANT %s ON SCHEMA %I TO %s;', g.privilege_type, n.nspname, " GATE_TO ")"
    " FROM pg_namespace n, aclexplode(n.nspacl) g WHERE g.grantee <> n.nspowner AND" GATE_OURS
    "ORDER BY 1";

inline constexpr char kReplicaIdentities[] =
    "SELECT format('ALTER TABLE %s REPLICA IDENTITY %s;', " GATE_NAME("c", "n") ","
    "   CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' ||"
    "     (SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    "      WHERE i.indrelid = c.oid AND i.indisreplident) END)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND c.relreplident IN ('f', 'n', 'i') AND" GATE_OURS "ORDER BY 1";

// Kinds of objects that are not told.
inline constexpr char kLeftOut[] =
    "SELECT format('aggregate %s', p.oid::regprocedure) FROM pg_proc p"
    " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind = 'a' AND" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_proc", "p.oid")
    "UNION ALL SELECT format('operator %s', o.oid::regoperator) FROM pg_operator o"
    " JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE" GATE_OURS
    "AND" GATE_NOT_OF_EXTENSION("pg_operator", "o.oid") "ORDER BY 1 LIMIT 20";

// oid, name, bytes, rows, and when the oldest transaction began that has a lock on it (Unix time in
// microseconds). A partitioned table has no file of its own: its parts are added up by who asks.
inline constexpr char kTableStates[] =
    "SELECT c.oid, n.nspname || '.' || c.relname, coalesce(pg_total_relation_size(c.oid), 0),"
    "   CASE WHEN c.relkind = 'p' OR (c.reltuples <= 0 AND c.relpages = 0) THEN -1 ELSE "
    "c.reltuples::bigint END,"
    "   (SELECT (extract(epoch FROM min(s.xact_start)) * 1000000)::bigint FROM pg_locks l"
    "    JOIN pg_stat_activity s ON s.pid = l.pid WHERE l.relation = c.oid AND l.granted"
    "    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
    "    AND l.pid <> pg_backend_pid())"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'm') AND" GATE_OURS "ORDER BY c.oid";
// oid of a parent, of its child.
inline constexpr char kInherits[] = "SELECT inhparent, inhrelid FROM pg_inherits";

// The schema that pg_stat_statements was made in, quoted.
inline constexpr char kStatementsSchema[] =
    "SELECT quote_ident(n.nspname) FROM pg_extension x JOIN pg_namespace n ON n.oid = "
    "x.extnamespace"
    " WHERE x.extname = 'pg_stat_statements'";
// Since 1.9 (PostgreSQL 14), with that schema: statements thrown away, seconds since the reset, and
// how many standbys there are.
inline constexpr char kStatementsInfo[] =
    "SELECT dealloc, extract(epoch FROM now() - stats_reset)::bigint,"
    " (SELECT count(*) FROM pg_stat_replication) FROM %s.pg_stat_statements_info";
// With that schema: text, "" where we may not read it, and calls. What functions run inside of
// themselves does not come from the application.
inline constexpr char kStatements[] =
    "SELECT CASE WHEN s.query IS NULL OR s.query = '<insufficient privilege>' THEN '' ELSE s.query"
    "   END, sum(s.calls)::bigint FROM %s.pg_stat_statements s"
    " WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND coalesce(to_jsonb(s) ->> 'toplevel', 'true') = 'true' AND s.calls > 0"
    " GROUP BY s.queryid, 1 ORDER BY 1";

}  // namespace gate::inspect

#endif  // GATE_EVIDENCE_INSPECT_QUERIES_H_
