#include "gate/evidence/rehearsal/snapshot.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/migration/sql/parse.h"

namespace gate {
namespace {

using Row = std::vector<std::string>;

constexpr char kOurs[] =
    " n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'"
    " AND n.nspname NOT LIKE 'pg\\_temp\\_%' ";

constexpr char kTables[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity OR c.relforcerowsecurity"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ";

constexpr char kColumns[] =
    "SELECT a.attrelid, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod),"
    " a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ";

// Names of columns, of one table, joined by a character that names hardly have.
#define GATE_COLUMN_NAMES(table, numbers)                                            \
  "(SELECT string_agg(a.attname, E'\\x1f' ORDER BY k.place) FROM unnest(" numbers    \
  ") WITH ORDINALITY AS k(number, place) JOIN pg_attribute a ON a.attrelid = " table \
  " AND a.attnum = k.number)"

// A domain's CHECK holds for each column of the domain.
constexpr char kConstraints[] =
    "SELECT r.conrelid, r.contype, r.conname, pg_get_constraintdef(r.oid), r.confrelid, "
    GATE_COLUMN_NAMES("r.conrelid", "r.conkey") ", "
    GATE_COLUMN_NAMES("r.confrelid", "r.confkey")
    " FROM pg_constraint r JOIN pg_namespace n ON n.oid = r.connamespace"
    " WHERE r.contype IN ('c', 'f', 'x') AND r.conrelid <> 0 AND r.conparentid = 0 AND ";
constexpr char kDomainConstraints[] =
    "SELECT a.attrelid, 'c', r.conname, pg_get_constraintdef(r.oid), 0, a.attname, ''"
    " FROM pg_constraint r JOIN pg_attribute a ON a.atttypid = r.contypid"
    " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = r.connamespace"
    " WHERE r.contypid <> 0 AND r.contype = 'c' AND c.relkind IN ('r', 'p') AND a.attnum > 0"
    " AND NOT a.attisdropped AND ";
constexpr char kUniqueIndexes[] =
    "SELECT i.indrelid, 'u', x.relname, pg_get_indexdef(i.indexrelid), 0, "
    GATE_COLUMN_NAMES("i.indrelid", "i.indkey::int2[]") ", ''"
    " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = x.relnamespace"
    " WHERE i.indisunique AND NOT x.relispartition AND ";

constexpr char kTriggers[] =
    "SELECT t.tgrelid, t.tgname, pg_get_triggerdef(t.oid), t.tgtype::int & 7 = 7"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND ";

// What a view is made of is a rule as well.
constexpr char kRules[] =
    "SELECT r.ev_class, r.rulename, pg_get_ruledef(r.oid), false FROM pg_rewrite r"
    " WHERE r.rulename <> '_RETURN'";

constexpr char kPolicies[] =
    "SELECT p.polrelid, concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles::text,"
    " pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))"
    " FROM pg_policy p";

// Who has which right, "SELECT to reporting"; an owner has "OWNER to shop_owner". PostgreSQL keeps
// no list where nothing was granted or revoked: then the default ones hold. The rehearsal's own
// roles own what nobody else does.
#define GATE_GRANTS(object, acl, kind, owner, from)                                       \
  "SELECT " object                                                                        \
  ", concat(g.privilege_type, ' to ',"                                                    \
  " coalesce((SELECT rolname FROM pg_roles WHERE oid = g.grantee), 'PUBLIC')), n.nspname" \
  " FROM " from ", aclexplode(coalesce(" acl ", acldefault('" kind "', " owner            \
  "))) AS g"                                                                              \
  " WHERE g.grantee <> " owner " UNION ALL SELECT " object                                \
  ", concat('OWNER to ',"                                                                 \
  " pg_get_userbyid(" owner ")), n.nspname FROM " from " WHERE pg_get_userbyid(" owner    \
  ") NOT LIKE 'gate\\_rehearsal%'"

// By name: in PostgreSQL 11 `oid` is no part of *.
#define GATE_RELATIONS(kinds)                                                                   \
  "(SELECT oid, relname, relnamespace, relacl, relowner FROM pg_class WHERE relkind IN (" kinds \
  ")) AS c JOIN pg_namespace n "                                                                \
  "ON n.oid = c.relnamespace"
#define GATE_ROUTINES "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"

constexpr char kGrants[] = "SELECT * FROM (" GATE_GRANTS(
    "c.oid", "c.relacl", "r", "c.relowner",
    GATE_RELATIONS("'r', 'p', 'v', 'm', 'f'")) ") AS n(object, privilege, nspname) WHERE ";

// Of what is no table.
constexpr const char* kOtherGrants[] = {
    "SELECT * FROM (" GATE_GRANTS(
        "format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))",
        "p.proacl", "f", "p.proowner", GATE_ROUTINES) ") AS n(object, privilege, nspname) WHERE ",
    "SELECT * FROM (" GATE_GRANTS(
        "format('%s.%s', n.nspname, c.relname)", "c.relacl", "s", "c.relowner",
        GATE_RELATIONS("'S'")) ") AS n(object, privilege, nspname) WHERE ",
    "SELECT * FROM (" GATE_GRANTS("n.nspname::text", "n.nspacl", "n", "n.nspowner",
                                  "pg_namespace n") ") AS n(object, privilege, nspname) WHERE ",
    // The table's owner is told with the table.
    "SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname), concat(g.privilege_type, ' to ',"
    " coalesce((SELECT rolname FROM pg_roles WHERE oid = g.grantee), 'PUBLIC'))"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(a.attacl) AS g"
    " WHERE a.attnum > 0 AND NOT a.attisdropped AND g.grantee <> c.relowner AND ",
};

// All that may have such rights.
constexpr char kGrantable[] =
    "SELECT name FROM (SELECT format('%s.%s(%s)', n.nspname, p.proname,"
    " pg_get_function_identity_arguments(p.oid)), n.nspname FROM " GATE_ROUTINES
    " UNION ALL SELECT format('%s.%s', n.nspname, c.relname), n.nspname FROM " GATE_RELATIONS("'S'")
    " UNION ALL SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname), n.nspname"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped"
    " UNION ALL SELECT nspname, nspname FROM pg_namespace) AS n(name, nspname) WHERE ";

constexpr char kChildren[] = "SELECT inhparent, inhrelid FROM pg_inherits";

constexpr char kEnums[] =
    "SELECT format('%s.%s', n.nspname, t.typname), t.oid, e.enumlabel, t.typarray"
    " FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid"
    " JOIN pg_namespace n ON n.oid = t.typnamespace ORDER BY t.oid, e.enumsortorder";

constexpr char kRoutines[] =
    "SELECT format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))"
    " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    // Not what belongs to an extension.
    " WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass"
    " AND d.objid = p.oid AND d.deptype = 'e') AND ";

bool IsTrue(const std::string& text) { return text == "t"; }

Oid OidOf(const std::string& text) {
  Oid oid = 0;
  std::from_chars(text.data(), text.data() + text.size(), oid);
  return oid;
}

std::vector<std::string> Names(const std::string& joined) {
  if (joined.empty()) return {};
  return absl::StrSplit(joined, '\x1f');
}

// Two that differ only in this bind writes alike.
std::string WithoutState(std::string definition) {
  constexpr std::string_view kNotValid = " NOT VALID";
  if (definition.ends_with(kNotValid)) definition.resize(definition.size() - kNotValid.size());
  return definition;
}

// Without the index's name, which stands between INDEX and ON.
std::string WithoutIndexName(const std::string& definition) {
  const size_t using_method = definition.find(" USING ");
  return using_method == std::string::npos ? definition : definition.substr(using_method + 1);
}

// Runs the queries and hands out their rows; keeps the first error.
class Reader {
 public:
  explicit Reader(Session& admin) : admin_(admin) {}

  template <typename OnRow>
  void Each(const std::string& sql, const OnRow& on_row) {
    if (!status_.ok()) return;
    const SqlResult result = admin_.Query(sql);
    if (!result.ok()) status_ = absl::InternalError(result.error->message);
    for (const Row& row : result.rows) on_row(row);
  }
  const absl::Status& status() const { return status_; }

 private:
  Session& admin_;
  absl::Status status_;
};

}  // namespace

const SnapshotColumn* SnapshotTable::Find(const std::string& column) const {
  for (const SnapshotColumn& one : columns) {
    if (one.name == column) return &one;
  }
  return nullptr;
}

bool SnapshotTable::RefusesNull(const SnapshotColumn& column) const {
  if (column.not_null) return true;
  const std::string check =
      absl::StrCat("CHECK ((", migration::Quoted(column.name), " IS NOT NULL))");
  return std::ranges::any_of(constraints, [&](const SnapshotConstraint& constraint) {
    return constraint.kind == 'c' && constraint.definition == check;
  });
}

const SnapshotTable* Snapshot::Find(const std::string& schema, const std::string& name) const {
  const auto found = by_name.find({schema, name});
  return found == by_name.end() ? nullptr : &tables.at(found->second);
}

std::set<Oid> Snapshot::WithChildren(Oid table) const {
  std::set<Oid> all{table};
  std::vector<Oid> open{table};
  while (!open.empty()) {
    const auto parent = tables.find(open.back());
    open.pop_back();
    if (parent == tables.end()) continue;
    for (const Oid child : parent->second.children) {
      if (all.insert(child).second) open.push_back(child);
    }
  }
  return all;
}

absl::StatusOr<Snapshot> ReadSnapshot(Session& admin) {
  Snapshot snapshot;
  Reader read(admin);
  const auto table = [&](const std::string& oid) -> SnapshotTable* {
    const auto found = snapshot.tables.find(OidOf(oid));
    return found == snapshot.tables.end() ? nullptr : &found->second;
  };
  read.Each(absl::StrCat(kTables, kOurs), [&](const Row& row) {
    SnapshotTable& made = snapshot.tables[OidOf(row[0])];
    made.schema = row[1];
    made.name = row[2];
    made.kind = row[3][0];
    made.row_security = IsTrue(row[4]);
    snapshot.by_name[{row[1], row[2]}] = OidOf(row[0]);
  });
  read.Each(absl::StrCat(kColumns, kOurs, "ORDER BY a.attrelid, a.attnum"), [&](const Row& row) {
    if (SnapshotTable* of = table(row[0])) {
      of->columns.push_back({row[1], OidOf(row[2]), row[3], IsTrue(row[4]), IsTrue(row[5])});
    }
  });
  const auto constraint = [&](const Row& row) {
    if (SnapshotTable* of = table(row[0])) {
      const char kind = row[1][0];
      of->constraints.push_back({kind, row[2],
                                 kind == 'u' ? WithoutIndexName(row[3]) : WithoutState(row[3]),
                                 row[3], Names(row[5]), OidOf(row[4]), Names(row[6])});
    }
  };
  // What is not enforced, which PostgreSQL 18 knows, refuses nothing.
  const char* const enforced = admin.server_version() >= 180000 ? "r.conenforced AND" : "";
  read.Each(absl::StrCat(kConstraints, enforced, kOurs), constraint);
  read.Each(absl::StrCat(kDomainConstraints, kOurs), constraint);
  read.Each(absl::StrCat(kUniqueIndexes, kOurs), constraint);
  const auto trigger = [&](const Row& row) {
    if (SnapshotTable* of = table(row[0])) {
      of->triggers.insert({row[1], row[2]});
      of->before_insert = of->before_insert || IsTrue(row[3]);
    }
  };
  read.Each(absl::StrCat(kTriggers, kOurs), trigger);
  read.Each(kRules, trigger);
  read.Each(kPolicies, [&](const Row& row) {
    if (SnapshotTable* of = table(row[0])) of->policies.insert(row[1]);
  });
  read.Each(absl::StrCat(kGrants, kOurs), [&](const Row& row) {
    if (SnapshotTable* of = table(row[0])) of->grants.insert(row[1]);
  });
  for (const char* grants : kOtherGrants) {
    read.Each(absl::StrCat(grants, kOurs),
              [&](const Row& row) { snapshot.grants[row[0]].insert(row[1]); });
  }
  // What is there, with rights or without: dropped objects lose none.
  read.Each(absl::StrCat(kGrantable, kOurs), [&](const Row& row) { snapshot.grants[row[0]]; });
  read.Each(kChildren, [&](const Row& row) {
    if (SnapshotTable* of = table(row[0])) of->children.insert(OidOf(row[1]));
  });
  read.Each(kEnums, [&](const Row& row) {
    auto& [type, labels] = snapshot.enums[row[0]];
    type = OidOf(row[1]);
    labels.push_back(row[2]);
    snapshot.arrays[OidOf(row[3])] = type;
  });
  read.Each(absl::StrCat(kRoutines, kOurs),
            [&](const Row& row) { snapshot.routines.insert(row[0]); });
  if (!read.status().ok()) return read.status();
  return snapshot;
}

}  // namespace gate
