// SQL texts as what is run of them, one statement after another.
#ifndef GATE_EVIDENCE_REHEARSAL_SCRIPT_H_
#define GATE_EVIDENCE_REHEARSAL_SCRIPT_H_

#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/formats.h"
#include "gate/v1/change.pb.h"

namespace gate {

// A statement, or a line that only psql understands. Views into the text that it was read from.
struct ScriptStep {
  std::string_view sql;
  std::string_view copy_data;  // the lines behind COPY ... FROM STDIN
  bool meta_command = false;
  int line = 1;  // of its first word

  // Its first word in upper case: "ALTER".
  std::string FirstWord() const;
};

// Steps that share the runner's transaction, or commit one by one.
struct ScriptSection {
  bool wrapped = false;
  std::vector<ScriptStep> steps;
};

// A text as psql would run it.
ScriptSection ReadSql(std::string_view text);

// The parts of a migration that go up, as its tool would run them. `file` outlives the answer.
std::vector<ScriptSection> ReadMigration(const v1::MigrationFile& file);

// The parts of `down` in the order in which they run. It outlives the answer.
std::vector<ScriptSection> ReadDown(const migration::DownPart& down);

// A file as it is run.
struct MigrationScript {
  std::string path;
  std::vector<ScriptSection> sections;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_SCRIPT_H_
