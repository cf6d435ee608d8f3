#include "clients/gatectl/rehearse.h"

#include "absl/strings/str_cat.h"
#include "clients/gatectl/companion.h"
#include "clients/gatectl/process.h"

namespace gate::ctl {
namespace {

constexpr char kProgram[] = "gate-rehearse";

// A line on the terminal for as long as it takes.
class Waiting {
 public:
  Waiting(const Session& session, const v1::SchemaChange& change)
      : session_(session), shown_(session.err().is_terminal) {
    if (!shown_) return;
    session_.Say(absl::StrCat("running ", change.files_size(),
                              change.files_size() == 1 ? " migration" : " migrations",
                              " on a scratch PostgreSQL ..."));
  }
  ~Waiting() {
    if (shown_) session_.Say("\r\x1b[K");
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  const Session& session_;
  const bool shown_;
};

}  // namespace

Or<v1::Rehearsal> Rehearse(const Session& session, const v1::SchemaChange& change) {
  ProcessResult result;
  {
    const Waiting waiting(session, change);
    result = RunProcess({CompanionProgram(kProgram)}, "", change.SerializeAsString());
  }
  if (!result.started) {
    return Problem{"E0211",
                   "cannot rehearse the migrations",
                   {result.Failure()},
                   "",
                   "",
                   {"install gate-rehearse beside gatectl (it comes with gated), or leave out "
                    "--rehearse"}};
  }
  if (result.exit_code != 0) {
    return Problem{"E0211",
                   "cannot rehearse the migrations",
                   {result.Failure()},
                   "",
                   "",
                   {"install PostgreSQL's server (Debian: apt install postgresql-15), of "
                    "production's version if you can"}};
  }
  v1::Rehearsals rehearsals;
  if (!rehearsals.ParseFromString(result.out) || rehearsals.rehearsals_size() != 1) {
    return Problem{"E0101", "gate-rehearse's answer makes no sense",          {}, "",
                   "",      {"are gatectl and gate-rehearse of one version?"}};
  }
  return std::move(*rehearsals.mutable_rehearsals(0));
}

}  // namespace gate::ctl
