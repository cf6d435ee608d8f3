#include "checks/migration/undo.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "checks/migration/formats.h"
#include "checks/migration/ledger.h"
#include "checks/migration/phase.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/split.h"
#include "checks/migration/sql/text.h"

namespace gate::migration {
namespace {

// What parts of a text did to the model.
struct Applied {
  bool anything = false;
  std::string unknown;  // why it could not be followed; empty where it could
  bool runs_code = false;
  // It takes away what the model did not hold: whether what stands there afterwards is the same
  // cannot be told.
  bool takes_unknown_table = false, takes_unknown_column = false;
  std::vector<std::string> drops;  // what this release had made
};

// Whether the model shows what the action does. What only locks, or belongs to the session, leaves
// nothing behind.
std::string WhyNotFollowed(const Action& action) {
  if (const auto* opaque = As<Opaque>(action)) return opaque->message;
  if (const auto* unjudged = As<Unjudged>(action)) {
    return absl::StrCat(unjudged->what, " is not followed.");
  }
  if (const auto* rights = As<TakeRights>(action)) {
    return absl::StrCat(rights->what, " is not followed.");
  }
  const bool unmodelled = std::visit(
      [](const auto& what) {
        using Kind = std::decay_t<decltype(what)>;
        return std::is_same_v<Kind, RenameSchema> || std::is_same_v<Kind, ChangeDomain> ||
               std::is_same_v<Kind, ChangeComposite> || std::is_same_v<Kind, SwitchTrigger> ||
               std::is_same_v<Kind, AttachPartition> || std::is_same_v<Kind, DetachPartition> ||
               std::is_same_v<Kind, CreateExtension> || std::is_same_v<Kind, DropExtension>;
      },
      action.what);
  return unmodelled ? "A statement is not followed." : "";
}

bool ChangesSchema(const Action& action) {
  return As<SetSearchPath>(action) == nullptr && As<Transaction>(action) == nullptr &&
         As<OutsideTransaction>(action) == nullptr && As<WriteRows>(action) == nullptr;
}

void NoteDrop(const Action& action, const Catalog& catalog, Applied& applied) {
  if (const auto* drop = As<DropColumn>(action)) {
    const KnownColumn* column = catalog.Find(drop->table, drop->column);
    if (column == nullptr || column->existed) return;
    applied.drops.push_back(absl::StrCat(Quoted(drop->table), ".", Quoted(drop->column)));
  } else if (const auto* drop = As<DropRelation>(action)) {
    const Relation* table = catalog.Find(drop->name);
    if (table == nullptr || table->existed || table->kind != RelationKind::kTable) return;
    applied.drops.push_back(Quoted(drop->name));
  }
}

bool TakesUnknownTable(const Action& action, const Catalog& catalog) {
  const Name* table = TableOf(action);
  return PhaseOf(action) == Phase::kContract && table != nullptr && ColumnOf(action).empty() &&
         catalog.Find(*table) == nullptr;
}

bool TakesUnknownColumn(const Action& action, const Catalog& catalog) {
  const std::string column = ColumnOf(action);
  return !column.empty() && catalog.Find(*TableOf(action), column) == nullptr;
}

Applied Apply(std::string_view text, const std::vector<Section>& sections, Catalog& catalog) {
  Applied applied;
  if (const auto flaw = FindFlaw(text)) {
    applied.unknown = absl::StrCat("It cannot be read: ", flaw->message, ".");
    return applied;
  }
  catalog.StartSession();
  for (const Section& section : sections) {
    Splitter splitter(text, section.span);
    for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
      applied.anything = true;
      if (piece.kind != Piece::Kind::kStatement) continue;
      Statement statement;
      if (const auto error = Parse(text, piece.span, statement)) {
        applied.unknown = absl::StrCat("A statement cannot be read: ", error->message, ".");
      }
      for (const Action& action : statement.actions) {
        applied.runs_code = applied.runs_code || As<Opaque>(action) != nullptr;
        if (std::string reason = WhyNotFollowed(action); !reason.empty()) {
          applied.unknown = std::move(reason);
        }
        applied.takes_unknown_table =
            applied.takes_unknown_table || TakesUnknownTable(action, catalog);
        applied.takes_unknown_column =
            applied.takes_unknown_column || TakesUnknownColumn(action, catalog);
        NoteDrop(action, catalog, applied);
        catalog.Apply(action);
      }
    }
  }
  return applied;
}

bool ChangesSchema(std::string_view text, const std::vector<Section>& sections) {
  if (FindFlaw(text)) return true;
  for (const Section& section : sections) {
    Splitter splitter(text, section.span);
    for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
      Statement statement;
      if (piece.kind == Piece::Kind::kStatement && Parse(text, piece.span, statement)) return true;
      for (const Action& action : statement.actions) {
        if (ChangesSchema(action)) return true;
      }
    }
  }
  return false;
}

}  // namespace

bool ChangesSchema(const v1::MigrationFile& file) {
  const std::string_view text = WithoutByteOrderMark(file.sql());
  return ChangesSchema(text, UpSections(file, text));
}

std::vector<Undo> UndoOf(std::span<const v1::MigrationFile* const> files, Catalog& catalog) {
  std::vector<Undo> undos;
  for (const v1::MigrationFile* file : files) {
    Undo& undo = undos.emplace_back();
    undo.file = file;
    catalog.Settle();
    const Catalog before = catalog;
    const std::string_view text = WithoutByteOrderMark(file->sql());
    const std::vector<Section> up = UpSections(*file, text);
    const Applied there = Apply(text, up, catalog);
    const DownPart down = DownPartOf(*file);
    Catalog after = catalog;
    Applied back = Apply(down.text, down.sections, after);
    undo.drops = std::move(back.drops);
    undo.runs_code = there.runs_code || back.runs_code;
    if (!ChangesSchema(text, up)) continue;
    if (!back.anything && back.unknown.empty()) {
      undo.way = Way::kNone;
    } else if (!there.unknown.empty() || !back.unknown.empty()) {
      undo.way = Way::kUnknown;
      undo.reason = there.unknown.empty() ? back.unknown : there.unknown;
    } else {
      undo.differences = after.DifferencesFrom(before);
      const bool unknown =
          there.takes_unknown_table || (there.takes_unknown_column && undo.differences.empty());
      if (unknown) undo.reason = "The schema before it is not known.";
      undo.way = unknown ? Way::kUnknown : undo.differences.empty() ? Way::kBack : Way::kElsewhere;
    }
  }
  return undos;
}

}  // namespace gate::migration
