#include "gate/store/schema.h"

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"

namespace gate {

absl::StatusOr<std::vector<SchemaFile>> FilesToApply(const std::vector<AppliedSchemaFile>& applied,
                                                     const std::vector<SchemaFile>& files) {
  for (size_t i = 0; i < applied.size(); ++i) {
    if (i >= files.size()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the store's schema is newer than this program: it has ", applied[i].name,
                       ", and this program knows ", files.size(),
                       " schema files; start the newer version of gated"));
    }
    if (applied[i].number != files[i].number || applied[i].digest != Sha256Hex(files[i].sql)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "schema file ", std::string(files[i].name),
          " is not the one that was applied to the store (", applied[i].name,
          "): it was edited afterwards, or this program is of another line of development"));
    }
  }
  return std::vector<SchemaFile>(files.begin() + applied.size(), files.end());
}

}  // namespace gate
