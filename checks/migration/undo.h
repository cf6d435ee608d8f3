// Whether the down parts of a release lead back: each migration is applied to the model of the
// schema, then what undoes it, and the two models are compared. The model does not hold everything
// (bodies of views, rights, values of defaults, the order of columns), so that two of the same are
// the same as far as it can tell.
#ifndef CHECKS_MIGRATION_UNDO_H_
#define CHECKS_MIGRATION_UNDO_H_

#include <span>
#include <string>
#include <vector>

#include "checks/migration/catalog.h"
#include "gate/v1/change.pb.h"

namespace gate::migration {

enum class Way {
  kNothing,    // the migration changes nothing that would have to be undone
  kBack,       // down leads back, as far as the model tells
  kNone,       // there is no down part, or none that does anything
  kElsewhere,  // it leads to another schema
  kUnknown,    // it cannot be followed
};

struct Undo {
  const v1::MigrationFile* file = nullptr;
  Way way = Way::kNothing;
  std::vector<std::string> differences;  // of kElsewhere, as sentences: "orders.note is left over"
  std::string reason;                    // of kUnknown
  // Whether either part runs code: what it does may depend on rows.
  bool runs_code = false;
  // What up makes and down drops: new code may have written to it.
  std::vector<std::string> drops;
};

// Whether the part that goes up does anything that would have to be undone: more than to write
// rows. What cannot be read may.
bool ChangesSchema(const v1::MigrationFile& file);

// Of each file, in their order. `catalog` is the schema before the first, and becomes the one after
// the last.
std::vector<Undo> UndoOf(std::span<const v1::MigrationFile* const> files, Catalog& catalog);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_UNDO_H_
