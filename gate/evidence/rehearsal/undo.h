// Down, and up again: whether what undoes a release leads back to the schema before it, and whether
// the release can be tried once more.
#ifndef GATE_EVIDENCE_REHEARSAL_UNDO_H_
#define GATE_EVIDENCE_REHEARSAL_UNDO_H_

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "checks/migration/formats.h"
#include "gate/evidence/rehearsal/inventory.h"
#include "gate/evidence/rehearsal/roles.h"
#include "gate/evidence/rehearsal/script.h"
#include "gate/evidence/rehearsal/session.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// What undoes a release, the last migration first. Empty where there is nothing to undo, or where a
// migration that has to be undone has no down part, or one that cannot be read.
class DownScripts {
 public:
  explicit DownScripts(const google::protobuf::RepeatedPtrField<v1::MigrationFile>& files);

  const std::vector<MigrationScript>& all() const { return scripts_; }

 private:
  std::deque<migration::DownPart> parts_;  // which the scripts are views of
  std::vector<MigrationScript> scripts_;
};

// Where and as whom it is run.
struct UndoStage {
  std::function<absl::StatusOr<std::unique_ptr<Session>>()> open;
  Session& admin;
  Roles& roles;
};

// After `ups` have run on a schema that was `before`.
v1::RehearsedUndo RehearseUndo(const UndoStage& stage, const Inventory& before,
                               std::span<const MigrationScript> ups, const DownScripts& downs);

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_UNDO_H_
