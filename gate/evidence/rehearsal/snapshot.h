// A database's catalogue at one moment, as far as running code can tell the difference.
#ifndef GATE_EVIDENCE_REHEARSAL_SNAPSHOT_H_
#define GATE_EVIDENCE_REHEARSAL_SNAPSHOT_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/rehearsal/session.h"

namespace gate {

struct SnapshotColumn {
  std::string name;
  Oid type = 0;
  std::string type_name;  // "character varying(20)"
  bool not_null = false;
  bool filled = false;  // DEFAULT (its own or its domain's), identity, generated
};

struct SnapshotConstraint {
  char kind = 'c';  // pg_constraint.contype: c, f, x; and u for every unique index
  std::string name;
  std::string definition;  // what makes two of them the same, without name and NOT VALID
  std::string printed;
  std::vector<std::string> columns;
  Oid referenced = 0;  // of a foreign key
  std::vector<std::string> referenced_columns;
};

struct SnapshotTable {
  std::string schema, name;
  char kind = 'r';  // pg_class.relkind
  bool row_security = false;
  bool before_insert = false;           // has a BEFORE INSERT trigger
  std::vector<SnapshotColumn> columns;  // by place
  std::vector<SnapshotConstraint> constraints;
  std::set<std::string> policies;
  std::set<std::pair<std::string, std::string>> triggers;  // and rules: name, definition
  std::set<std::string> grants;                            // "SELECT to reporting"
  std::set<Oid> children;                                  // partitions and heirs

  std::string FullName() const { return schema + "." + name; }
  const SnapshotColumn* Find(const std::string& column) const;
  // Whether NULL is refused, by NOT NULL or by a CHECK of just that.
  bool RefusesNull(const SnapshotColumn& column) const;
};

struct Snapshot {
  std::map<Oid, SnapshotTable> tables;
  std::map<std::pair<std::string, std::string>, Oid> by_name;             // schema, name
  std::map<std::string, std::pair<Oid, std::vector<std::string>>> enums;  // name -> labels in order
  std::map<Oid, Oid> arrays;       // array type -> type of its elements
  std::set<std::string> routines;  // "public.total(integer)"

  // Rights on what is no table: columns, sequences, schemas, routines. By "public.tax(integer)";
  // each "EXECUTE to PUBLIC". What is there by default is told as well.
  std::map<std::string, std::set<std::string>> grants;

  // nullptr where there is none.
  const SnapshotTable* Find(const std::string& schema, const std::string& name) const;
  // The table, its partitions and theirs.
  std::set<Oid> WithChildren(Oid table) const;
};

// Reads it as the administrator, whose search path nobody else can change.
absl::StatusOr<Snapshot> ReadSnapshot(Session& admin);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_SNAPSHOT_H_
