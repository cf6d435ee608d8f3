// Rehearsals on a real PostgreSQL, and what they came to as lines that a person can read.
#ifndef TESTS_REHEARSAL_REHEARSAL_FIXTURE_H_
#define TESTS_REHEARSAL_REHEARSAL_FIXTURE_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "gate/evidence/rehearsal/rehearse.h"
#include "tests/fakes/child_process.h"

namespace gate {

// The clusters of this process, in a folder that goes with it. Made once: initdb takes a second.
class Rehearsals {
 public:
  // Of Debian's PostgreSQL.
  static Rehearsals& Get();
  // Of that version; throws where it is not there. See OtherPrograms.
  static Rehearsals& Of(int major);

  const ScratchOptions& options() const { return options_; }
  std::unique_ptr<ScratchCluster> Start();

  // Schema, migration, statements of the running version.
  v1::Rehearsal Run(const std::string& schema, const std::string& migration,
                    const std::vector<std::string>& workload, const RehearsalLimits& limits = {});

  ~Rehearsals();

 private:
  explicit Rehearsals(int major);

  ScratchOptions options_;
  std::unique_ptr<ScratchClusters> clusters_;
};

// Folders of the programs of other versions than Debian's, as deploy/npm has them: 11 where
// it can be had, 16 and 18.
std::vector<std::string> OtherPrograms();

v1::SchemaChange NewChange(const std::string& schema, const std::string& migration,
                           const std::vector<std::string>& workload);

// How going back and up again came out: "left over after down: table public.notes".
std::vector<std::string> Lines(const v1::RehearsedUndo& undo);

// One line for each thing found, without locks and times.
std::vector<std::string> Lines(const v1::Rehearsal& rehearsal);

}  // namespace gate

#endif  // TESTS_REHEARSAL_REHEARSAL_FIXTURE_H_
