// From the statements that the running version executes to what a finding can name. Rules ask here,
// with the names that their action has; running code may know the object by another one, where the
// release has renamed it before.
//
// Witnesses make a finding stronger. That there is none makes it weaker only where the workload was
// recorded for long enough (Clear): else what is not in it may still run, and the version that a
// rollback brings back as well.
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
// The same of a column that stays: what needs it to be there.
Answer NeedingColumn(const Scene& scene, const Name& table, const std::string& column);
// The column is still there, but not by this name.
Answer WithoutColumnName(const Scene& scene, const Name& table, const std::string& column);
Answer WithoutDefault(const Scene& scene, const Name& table, const std::string& column);
Answer WithoutNull(const Scene& scene, const Name& table, const std::string& column);
Answer WithOtherResult(const Scene& scene, const Name& table, const std::string& column);
Answer WithOtherType(const Scene& scene, const Name& table, const std::string& column);
Answer WithoutUniqueKey(const Scene& scene, const Name& table,
                        const std::vector<std::string>& columns);
Answer WithoutConstraint(const Scene& scene, const Name& table, const std::string& constraint);
Answer WithoutFunction(const Scene& scene, const Name& function);
Answer WithoutLabels(const Scene& scene, const Name& type, const std::vector<std::string>& labels);
// In one column alone.
Answer WithoutLabelsIn(const Scene& scene, const Name& table, const std::string& column,
                       const std::vector<std::string>& labels);

// A statement on one line, without comments, shortened: as witnesses print it.
std::string OnOneLine(std::string_view sql);

// Puts those that fail into the remark, and first into its message. Where none does, the message
// says so: "No statement of the given workload `does`", and what could not be read of it.
void Prove(const Scene& scene, const Answer& failing, std::string_view does, Remark& remark);

// Lists them in the remark: those that are certain first, of these the most frequent first.
void AddWitnesses(std::vector<Failing> failing, Remark& remark);

// How it stands with what was last used then.
Disuse DisuseOf(absl::Time last_use, const Recording& recording);

// Of an action that takes something away which statements use by their text alone, so that it shows
// in a workload where they do: where the recording proves that none did for as long as the policy
// asks for, the remark is INFO and says so. `word` is what functions would have to say in order to
// use it, since a workload need not show what runs inside of them.
// One function may be excepted, of which that is known already.
void Clear(const Scene& scene, const Answer& failing, const std::string& word, Remark& remark,
           const Name& except = {});

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_WITNESS_H_
