#include "gate/evidence/rehearsal/undo.h"

#include <algorithm>
#include <string>
#include <utility>

#include "checks/migration/sql/text.h"
#include "checks/migration/undo.h"
#include "gate/evidence/rehearsal/migrate.h"
#include "gate/evidence/rehearsal/result.h"

namespace gate {
namespace {

constexpr size_t kMaxDifferences = 100;

// Goes one way after the other; the first that does not come to its end is the last.
class Undoing {
 public:
  Undoing(const UndoStage& stage, v1::RehearsedUndo& undo) : stage_(stage), undo_(undo) {}

  v1::RehearsalEnd Go(std::span<const MigrationScript> scripts, Inventory& reached) {
    v1::Rehearsal way;
    if (auto session = stage_.open(); session.ok()) {
      RunMigrations(**session, stage_.admin, stage_.roles, nullptr, scripts, way);
    } else {
      SetFailure({"", std::string(session.status().message())}, SessionEnd::kLost, "", 0, way);
    }
    // Lines of psql's that were not run may have been what it takes.
    if (way.end() == v1::REHEARSAL_END_UNSPECIFIED && way.lost_coverage_size() > 0) {
      const v1::LostCoverage& lost = way.lost_coverage(0);
      SetFailure({"", lost.reason()}, SessionEnd::kNone, lost.path(), lost.line(), way);
    }
    if (way.end() != v1::REHEARSAL_END_UNSPECIFIED) return Stopped(way);
    return Read(reached);
  }

  v1::RehearsalEnd Read(Inventory& reached) {
    auto read = ReadInventory(stage_.admin);
    if (!read.ok()) {
      v1::Rehearsal way;
      const SessionEnd end = stage_.admin.end();
      SetFailure({"", std::string(read.status().message())},
                 end == SessionEnd::kNone ? SessionEnd::kLost : end, "", 0, way);
      return Stopped(way);
    }
    reached = *std::move(read);
    return v1::REHEARSAL_END_COMPLETED;
  }

 private:
  v1::RehearsalEnd Stopped(const v1::Rehearsal& way) {
    *undo_.mutable_failure() = way.failure();
    return way.end();
  }

  const UndoStage& stage_;
  v1::RehearsedUndo& undo_;
};

// Returns how many more there are.
int Tell(std::vector<v1::CatalogueDifference> differences,
         google::protobuf::RepeatedPtrField<v1::CatalogueDifference>& to) {
  const size_t told = std::min(differences.size(), kMaxDifferences);
  to.Assign(differences.begin(), differences.begin() + static_cast<std::ptrdiff_t>(told));
  return static_cast<int>(differences.size() - told);
}

}  // namespace

DownScripts::DownScripts(const google::protobuf::RepeatedPtrField<v1::MigrationFile>& files) {
  for (int i = files.size() - 1; i >= 0; --i) {
    const v1::MigrationFile& file = files[i];
    const migration::DownPart& part = parts_.emplace_back(migration::DownPartOf(file));
    const bool readable = !migration::FindFlaw(part.text).has_value();
    std::vector<ScriptSection> sections = readable ? ReadDown(part) : std::vector<ScriptSection>();
    const bool does_something = std::ranges::any_of(
        sections, [](const ScriptSection& section) { return !section.steps.empty(); });
    if (does_something) {
      scripts_.push_back(
          {file.down_path().empty() ? file.path() : file.down_path(), std::move(sections)});
    } else if (!readable || migration::ChangesSchema(file)) {
      scripts_.clear();
      return;
    }
  }
}

v1::RehearsedUndo RehearseUndo(const UndoStage& stage, const Inventory& before,
                               std::span<const MigrationScript> ups, const DownScripts& downs) {
  v1::RehearsedUndo undo;
  Undoing undoing(stage, undo);
  Inventory up, reached;
  undo.set_down(undoing.Read(up));
  if (undo.down() == v1::REHEARSAL_END_COMPLETED) undo.set_down(undoing.Go(downs.all(), reached));
  if (undo.down() != v1::REHEARSAL_END_COMPLETED) return undo;
  undo.set_more_after_down(Tell(Differences(before, reached), *undo.mutable_after_down()));
  undo.set_up_again(undoing.Go(ups, reached));
  if (undo.up_again() != v1::REHEARSAL_END_COMPLETED) return undo;
  undo.set_more_after_up_again(Tell(Differences(up, reached), *undo.mutable_after_up_again()));
  return undo;
}

}  // namespace gate
