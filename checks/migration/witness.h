// From the statements that the running version executes to what a finding can name. Rules ask here,
// with the names that their action has; running code may know the object by another one, where the
// release has renamed it before.
//
// Witnesses make a finding stronger. None of them makes it weaker: what is not in the workload may
// still run, and the version that a rollback brings back as well.
#ifndef CHECKS_MIGRATION_WITNESS_H_
#define CHECKS_MIGRATION_WITNESS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/rule.h"
#include "checks/migration/workload.h"

namespace gate::migration {

// What fails when the action commits; nothing where that cannot be asked, because the name that
// running code uses leads to something else by then.
using Answer = std::optional<std::vector<Failing>>;

Answer WithoutTable(const Scene& scene, const Name& table);
Answer WithoutColumn(const Scene& scene, const Name& table, const std::string& column);
// The column is still there, but not by this name.
Answer WithoutColumnName(const Scene& scene, const Name& table, const std::string& column);
Answer WithoutDefault(const Scene& scene, const Name& table, const std::string& column);
Answer WithoutNull(const Scene& scene, const Name& table, const std::string& column);
Answer WithOtherResult(const Scene& scene, const Name& table, const std::string& column);
Answer WithOtherType(const Scene& scene, const Name& table, const std::string& column);

// A statement on one line, without comments, shortened: as witnesses print it.
std::string OnOneLine(std::string_view sql);

// Puts those that fail into the remark, and first into its message. Where none does, the message
// says so: "No statement of the given workload `does`", and what could not be read of it.
void Prove(const Scene& scene, const Answer& failing, std::string_view does, Remark& remark);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_WITNESS_H_
