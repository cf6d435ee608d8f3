#include "gate/evidence/rehearsal/compare.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "gate/evidence/rehearsal/result.h"

namespace gate {
namespace {

constexpr size_t kMaxEffectBytes = 8 << 20;
constexpr size_t kMaxStatements = 100;  // of an effect

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// Whether an INSERT may leave the column of the table out.
bool IsOptional(const SnapshotTable& table, const SnapshotColumn& column) {
  return column.filled || !table.RefusesNull(column);
}

// One table that a statement writes.
struct TableWrite {
  enum class Kind { kInsert, kUpdate, kDelete };
  Kind kind;
  const migration::Write* write = nullptr;  // of INSERT and UPDATE

  // What it gives this column, the n-th of its table; nullptr where it leaves it alone.
  const migration::Assignment* Gives(const std::string& column, size_t place) const {
    if (write == nullptr) return nullptr;
    if (write->positional) {
      return place < write->assignments.size() ? &write->assignments[place] : nullptr;
    }
    for (const migration::Assignment& assignment : write->assignments) {
      if (assignment.column == column) return &assignment;
    }
    return nullptr;
  }

  // Whether it inserts rows in which the column has its default.
  bool LeavesOut(const std::string& column, size_t place) const {
    if (kind != Kind::kInsert) return false;
    const migration::Assignment* given = Gives(column, place);
    if (given != nullptr) return given->by_default;
    return !write->positional || write->complete;
  }

  // Whether it may write NULL there.
  bool MayGiveNull(const std::string& column, size_t place) const {
    const migration::Assignment* given = Gives(column, place);
    if (given != nullptr) return given->null || given->unknown;
    return kind == Kind::kInsert && write->positional && !write->complete;
  }
};

std::vector<std::pair<const migration::Name*, TableWrite>> WritesOf(const migration::Uses& uses) {
  std::vector<std::pair<const migration::Name*, TableWrite>> writes;
  for (const migration::Write& write : uses.writes) {
    const auto kind = write.inserts ? TableWrite::Kind::kInsert : TableWrite::Kind::kUpdate;
    writes.push_back({&uses.relations.at(write.relation), {kind, &write}});
  }
  for (const int relation : uses.deletes) {
    writes.push_back({&uses.relations.at(relation), {TableWrite::Kind::kDelete}});
  }
  return writes;
}

class Comparison {
 public:
  Comparison(const Snapshot& before, const Snapshot& after,
             const std::vector<std::string>& search_path, const std::vector<Running>& running,
             v1::Rehearsal& rehearsal)
      : before_(before),
        after_(after),
        search_path_(search_path),
        running_(running),
        rehearsal_(rehearsal) {}

  void Run() {
    for (size_t i = 0; i < running_.size(); ++i) {
      for (const auto& [name, write] : WritesOf(running_[i].uses)) {
        // Rows go into partitions, too.
        for (const Oid oid : before_.WithChildren(Resolve(*name))) {
          if (before_.tables.contains(oid)) writers_[oid].push_back({i, write});
        }
      }
    }
    for (const auto& [oid, table] : before_.tables) {
      const SnapshotTable* is = after_.Find(table.schema, table.name);
      for (const Oid child : table.children) {
        if (is != nullptr) parents_[child].push_back(is);
      }
    }
    for (const auto& [name, oid] : before_.by_name) {
      const SnapshotTable& was = before_.tables.at(oid);
      const SnapshotTable* is = after_.Find(was.schema, was.name);
      // Statements that name a table that is gone cannot be prepared.
      if (is != nullptr) CompareTables(was, *is);
    }
    CompareGrants();
    CompareEnums();
    CompareEnumsOfColumns();
    for (const std::string& signature : before_.routines) {
      if (!after_.routines.contains(signature)) {
        Add(v1::SCHEMA_EFFECT_KIND_FUNCTION_LOST, signature, "");
      }
    }
  }

  void AddBroken(const BrokenBody& broken) {
    const BodyFlaw& flaw = broken.flaws.front();
    v1::SchemaEffect& effect =
        Add(v1::SCHEMA_EFFECT_KIND_FUNCTION_BROKEN, broken.signature, Describe(flaw.error));
    v1::BrokenBody& body = *effect.mutable_body();
    body.set_line(flaw.line);
    body.set_statement(flaw.statement);
    body.set_sqlstate(flaw.error.sqlstate);
    body.set_more(static_cast<int>(broken.flaws.size()) - 1);
    body.set_replaced(broken.replaced);
    std::set<size_t> statements;
    for (const BodyTrigger& trigger : broken.triggers) {
      *body.add_triggers() = absl::StrCat(trigger.name, " on ", trigger.table_name);
      const auto fires = [&](const TableWrite& write) {
        return write.kind == TableWrite::Kind::kInsert   ? trigger.on_insert
               : write.kind == TableWrite::Kind::kUpdate ? trigger.on_update
                                                         : trigger.on_delete;
      };
      for (const Oid table : before_.WithChildren(trigger.table)) {
        if (!before_.tables.contains(table)) continue;
        statements.merge(WritersOf(before_.tables.at(table), fires));
      }
    }
    for (size_t i = 0; i < running_.size(); ++i) {
      if (std::ranges::any_of(running_[i].uses.functions, [&](const migration::Name& function) {
            return broken.called_as.contains(function.name);
          })) {
        statements.insert(i);
      }
    }
    AddStatements(statements, effect);
  }

 private:
  struct Writer {
    size_t statement;
    TableWrite write;
  };
  using Concerns = std::function<bool(const TableWrite&)>;

  // 0: there is none.
  Oid Resolve(const migration::Name& name) const {
    const auto find = [&](const std::string& schema) {
      const auto found = before_.by_name.find({schema, name.name});
      return found == before_.by_name.end() ? Oid{0} : found->second;
    };
    if (!name.schema.empty()) return find(name.schema);
    for (const std::string& schema : search_path_) {
      if (const Oid found = find(schema)) return found;
    }
    return 0;
  }

  v1::SchemaEffect& Add(v1::SchemaEffectKind kind, const std::string& subject,
                        const std::string& detail) {
    if (last_ != nullptr) room_.Take(last_->ByteSizeLong());
    if (room_.IsFull()) {
      rehearsal_.mutable_left_out()->set_effects(rehearsal_.left_out().effects() + 1);
      no_room_.Clear();
      last_ = nullptr;
    } else {
      last_ = rehearsal_.add_effects();
    }
    v1::SchemaEffect& effect = last_ == nullptr ? no_room_ : *last_;
    effect.set_kind(kind);
    effect.set_subject(subject);
    effect.set_detail(detail);
    return effect;
  }

  // Whether a table that had this one as a partition or heir has the same: then it is told there.
  template <typename Same>
  bool IsInherited(const SnapshotTable& was, const Same& same) const {
    const auto parents = parents_.find(before_.by_name.at({was.schema, was.name}));
    return parents != parents_.end() &&
           std::ranges::any_of(parents->second,
                               [&](const SnapshotTable* parent) { return same(*parent); });
  }

  // The statements that write the table in a way that `concerns`, each once.
  std::set<size_t> WritersOf(const SnapshotTable& table, const Concerns& concerns) const {
    std::set<size_t> statements;
    const auto found = writers_.find(before_.by_name.at({table.schema, table.name}));
    if (found == writers_.end()) return statements;
    for (const Writer& writer : found->second) {
      if (concerns(writer.write)) statements.insert(writer.statement);
    }
    return statements;
  }

  void AddStatements(const std::set<size_t>& statements, v1::SchemaEffect& effect) const {
    std::vector<size_t> told(statements.begin(), statements.end());
    if (told.size() > kMaxStatements) {
      effect.set_more_statements(static_cast<int>(told.size() - kMaxStatements));
      std::ranges::stable_sort(told, std::ranges::greater(),
                               [&](size_t i) { return running_[i].statement->calls_per_hour(); });
      told.resize(kMaxStatements);
      std::ranges::sort(told);
    }
    for (const size_t i : told) *effect.add_statements() = Told(*running_[i].statement);
  }

  void CompareTables(const SnapshotTable& was, const SnapshotTable& is) {
    if (is.kind == 'v') LoseWritesThroughView(was);
    for (size_t place = 0; place < is.columns.size(); ++place) {
      CompareColumns(was, was.Find(is.columns[place].name), is, is.columns[place], place);
    }
    CompareOrder(was, is);
    CompareConstraints(was, is);
    CompareUnique(was, is);
    CompareGrants(was.FullName(), was.grants, is.grants);
    if (is.row_security != was.row_security || (is.row_security && is.policies != was.policies)) {
      Add(v1::SCHEMA_EFFECT_KIND_ROW_SECURITY, was.FullName(),
          is.row_security ? "row security is on" : "row security is off");
    }
    for (const auto& trigger : was.triggers) {
      if (!is.triggers.contains(trigger)) {
        Add(v1::SCHEMA_EFFECT_KIND_TRIGGER_LOST, absl::StrCat(was.FullName(), ".", trigger.first),
            trigger.second);
      }
    }
    for (const auto& trigger : is.triggers) {
      if (was.triggers.contains(trigger)) continue;
      const auto has_it = [&](const SnapshotTable& parent) {
        return std::ranges::any_of(parent.triggers,
                                   [&](const auto& other) { return other.first == trigger.first; });
      };
      if (IsInherited(was, has_it)) continue;
      AddStatements(WritersOf(was, [](const TableWrite&) { return true; }),
                    Add(v1::SCHEMA_EFFECT_KIND_TRIGGER_ADDED,
                        absl::StrCat(was.FullName(), ".", trigger.first), trigger.second));
    }
  }

  void LoseWritesThroughView(const SnapshotTable& was) {
    for (const size_t i : WritersOf(was, [](const TableWrite&) { return true; })) {
      LoseStatement(*running_[i].statement,
                    absl::StrCat("it writes ", was.FullName(),
                                 ", a view, whose required columns and constraints are those of "
                                 "other tables"),
                    rehearsal_);
    }
  }

  void CompareColumns(const SnapshotTable& old_table, const SnapshotColumn* was,
                      const SnapshotTable& table, const SnapshotColumn& is, size_t place) {
    const std::string subject = absl::StrCat(old_table.FullName(), ".", is.name);
    if (IsInherited(old_table, [&](const SnapshotTable& parent) {
          const SnapshotColumn* column = parent.Find(is.name);
          return column != nullptr && IsOptional(parent, *column) == IsOptional(table, is) &&
                 column->not_null == is.not_null && column->filled == is.filled;
        })) {
      return;
    }
    const auto leaves_out = [&](const TableWrite& write) {
      return write.LeavesOut(is.name, place);
    };
    const bool was_optional = was == nullptr || IsOptional(old_table, *was);
    if (!IsOptional(table, is) && was_optional && table.kind != 'v') {
      v1::SchemaEffect& effect = Add(v1::SCHEMA_EFFECT_KIND_REQUIRED_COLUMN, subject, is.type_name);
      AddStatements(WritersOf(old_table, leaves_out), effect);
      effect.set_trigger_may_fill(table.before_insert);
    }
    if (was == nullptr) return;
    if (was->filled && !is.filled && !table.RefusesNull(is)) {
      v1::SchemaEffect& effect = Add(v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST, subject, is.type_name);
      AddStatements(WritersOf(old_table, leaves_out), effect);
    }
    if (!old_table.RefusesNull(*was) && is.not_null) {
      v1::SchemaEffect& effect = Add(v1::SCHEMA_EFFECT_KIND_NOT_NULL, subject, is.type_name);
      const auto gives = [&](const TableWrite& write) { return write.MayGiveNull(is.name, place); };
      AddStatements(WritersOf(old_table, gives), effect);
    }
  }

  static bool Touches(const TableWrite& write, const std::vector<std::string>& columns) {
    if (write.kind == TableWrite::Kind::kDelete) return false;
    // An INSERT gives every column something, if only its default.
    if (write.kind == TableWrite::Kind::kInsert || columns.empty()) return true;
    return std::ranges::any_of(
        columns, [&](const std::string& column) { return write.Gives(column, 0) != nullptr; });
  }

  void CompareOrder(const SnapshotTable& was, const SnapshotTable& is) {
    size_t same = 0;
    while (same < was.columns.size() && same < is.columns.size() &&
           was.columns[same].name == is.columns[same].name) {
      ++same;
    }
    const std::set<size_t> statements = WritersOf(was, [&](const TableWrite& write) {
      return write.kind == TableWrite::Kind::kInsert && write.write->positional &&
             (write.write->assignments.size() > same || !write.write->complete);
    });
    if (same == was.columns.size() || statements.empty()) return;
    AddStatements(statements, Add(v1::SCHEMA_EFFECT_KIND_COLUMN_ORDER,
                                  absl::StrCat(was.FullName(), ".", was.columns[same].name),
                                  same < is.columns.size() ? is.columns[same].name : ""));
  }

  void CompareConstraints(const SnapshotTable& was, const SnapshotTable& is) {
    for (const SnapshotConstraint& constraint : is.constraints) {
      const bool known = std::ranges::any_of(was.constraints, [&](const SnapshotConstraint& other) {
        return other.kind == constraint.kind && other.definition == constraint.definition;
      });
      const auto has_it = [&](const SnapshotTable& parent) {
        return std::ranges::any_of(parent.constraints, [&](const SnapshotConstraint& other) {
          return other.kind == constraint.kind && other.definition == constraint.definition;
        });
      };
      if (!known && !IsInherited(was, has_it)) AddConstraint(was, constraint);
    }
  }

  void AddConstraint(const SnapshotTable& was, const SnapshotConstraint& constraint) {
    static const std::map<char, v1::SchemaEffectKind> kinds = {
        {'c', v1::SCHEMA_EFFECT_KIND_CHECK},
        {'f', v1::SCHEMA_EFFECT_KIND_FOREIGN_KEY},
        {'u', v1::SCHEMA_EFFECT_KIND_UNIQUE},
        {'x', v1::SCHEMA_EFFECT_KIND_EXCLUSION}};
    v1::SchemaEffect& effect =
        Add(kinds.at(constraint.kind), absl::StrCat(was.FullName(), ".", constraint.name),
            constraint.printed);
    std::set<size_t> statements =
        WritersOf(was, [&](const TableWrite& write) { return Touches(write, constraint.columns); });
    if (constraint.kind == 'f') statements.merge(WritersOfReferenced(constraint));
    AddStatements(statements, effect);
  }

  // Who deletes what is referred to, or gives it another key.
  std::set<size_t> WritersOfReferenced(const SnapshotConstraint& constraint) const {
    const auto referenced = after_.tables.find(constraint.referenced);
    if (referenced == after_.tables.end()) return {};
    const SnapshotTable* was = before_.Find(referenced->second.schema, referenced->second.name);
    if (was == nullptr) return {};
    return WritersOf(*was, [&](const TableWrite& write) {
      if (write.kind == TableWrite::Kind::kDelete) return true;
      return write.kind == TableWrite::Kind::kUpdate &&
             Touches(write, constraint.referenced_columns);
    });
  }

  void CompareUnique(const SnapshotTable& was, const SnapshotTable& is) {
    for (const SnapshotConstraint& constraint : was.constraints) {
      const bool kept = std::ranges::any_of(is.constraints, [&](const SnapshotConstraint& other) {
        return other.kind == 'u' && other.definition == constraint.definition;
      });
      if (constraint.kind != 'u' || kept) continue;
      v1::SchemaEffect& effect =
          Add(v1::SCHEMA_EFFECT_KIND_UNIQUE_LOST,
              absl::StrCat(was.FullName(), ".", constraint.name), constraint.printed);
      AddStatements(
          WritersOf(was,
                    [&](const TableWrite& write) { return Touches(write, constraint.columns); }),
          effect);
    }
  }

  // Of what is no table. What is gone is told of otherwise.
  void CompareGrants() {
    for (const auto& [object, was] : before_.grants) {
      const auto is = after_.grants.find(object);
      if (is == after_.grants.end()) continue;
      std::set<std::string> now = is->second;
      // A right on the table is one on each of its columns.
      const size_t first = object.find('.'), last = object.rfind('.');
      if (first != last) {
        const SnapshotTable* table =
            after_.Find(object.substr(0, first), object.substr(first + 1, last - first - 1));
        if (table != nullptr) now.insert(table->grants.begin(), table->grants.end());
      }
      CompareGrants(object, was, now);
    }
  }

  void CompareGrants(const std::string& object, const std::set<std::string>& was,
                     const std::set<std::string>& is) {
    for (const std::string& grant : was) {
      // A new owner has what it had before.
      const std::string owner = absl::StrCat("OWNER", grant.substr(grant.find(" to ")));
      if (is.contains(grant) || is.contains(owner)) continue;
      Add(v1::SCHEMA_EFFECT_KIND_GRANT_LOST, object, grant);
    }
  }

  // ---- enums
  Oid ElementOf(Oid type) const {
    const auto array = before_.arrays.find(type);
    return array == before_.arrays.end() ? type : array->second;
  }

  std::set<size_t> TakersOf(Oid type) const {
    std::set<size_t> statements;
    for (size_t i = 0; i < running_.size(); ++i) {
      for (const Oid parameter : running_[i].described.parameters) {
        if (ElementOf(parameter) == type) statements.insert(i);
      }
    }
    return statements;
  }

  std::set<size_t> ReturnersOf(Oid type) const {
    std::set<size_t> statements;
    for (size_t i = 0; i < running_.size(); ++i) {
      for (const auto& column : running_[i].described.columns) {
        if (ElementOf(column.type) == type) statements.insert(i);
      }
    }
    return statements;
  }

  void CompareLabels(const std::string& subject, Oid type, const std::vector<std::string>& was,
                     const std::vector<std::string>& is) {
    for (const std::string& label : was) {
      if (Contains(is, label)) continue;
      AddStatements(TakersOf(type), Add(v1::SCHEMA_EFFECT_KIND_ENUM_LABEL_LOST, subject, label));
    }
    for (const std::string& label : is) {
      if (Contains(was, label)) continue;
      AddStatements(ReturnersOf(type),
                    Add(v1::SCHEMA_EFFECT_KIND_ENUM_LABEL_ADDED, subject, label));
    }
  }

  void CompareEnums() {
    for (const auto& [name, type] : before_.enums) {
      const auto is = after_.enums.find(name);
      if (is != after_.enums.end()) CompareLabels(name, type.first, type.second, is->second.second);
    }
  }

  using Enum = std::pair<const std::string, std::pair<Oid, std::vector<std::string>>>;
  static const Enum* EnumOf(const Snapshot& snapshot, Oid type) {
    for (const Enum& one : snapshot.enums) {
      if (one.second.first == type) return &one;
    }
    return nullptr;
  }

  // A column that was given another enum, under another name.
  void CompareEnumsOfColumns() {
    for (const auto& [oid, table] : before_.tables) {
      const SnapshotTable* now = after_.Find(table.schema, table.name);
      if (now == nullptr) continue;
      for (const SnapshotColumn& column : table.columns) {
        const SnapshotColumn* is = now->Find(column.name);
        const Enum* old_type = is == nullptr ? nullptr : EnumOf(before_, column.type);
        const Enum* new_type = old_type == nullptr ? nullptr : EnumOf(after_, is->type);
        if (new_type == nullptr || old_type->first == new_type->first) continue;
        CompareLabels(absl::StrCat(table.FullName(), ".", column.name), old_type->second.first,
                      old_type->second.second, new_type->second.second);
      }
    }
  }

  const Snapshot& before_;
  const Snapshot& after_;
  const std::vector<std::string>& search_path_;
  const std::vector<Running>& running_;
  v1::Rehearsal& rehearsal_;
  ListRoom room_{kMaxEffectBytes};
  v1::SchemaEffect* last_ = nullptr;  // which may still grow
  v1::SchemaEffect no_room_;
  std::map<Oid, std::vector<Writer>> writers_;                // by table of before
  std::map<Oid, std::vector<const SnapshotTable*>> parents_;  // as they are, by table of before
};

}  // namespace

void CompareSchemas(const Snapshot& before, const Snapshot& after,
                    const std::vector<std::string>& search_path,
                    const std::vector<Running>& running, const std::vector<BrokenBody>& broken,
                    v1::Rehearsal& rehearsal) {
  Comparison comparison(before, after, search_path, running, rehearsal);
  comparison.Run();
  for (const BrokenBody& body : broken) comparison.AddBroken(body);
}

}  // namespace gate
