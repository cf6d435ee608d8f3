// What a migration rule is: a value with texts for people and one pure function. Each lies in its
// own file of rules/, whose stem is its id; the table is made from the folder.
#ifndef CHECKS_MIGRATION_RULE_H_
#define CHECKS_MIGRATION_RULE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/migration/catalog.h"
#include "checks/migration/sql/ast.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

class HeldLocks;
class Release;
class Workload;
struct Ledger;
struct Recording;

// One action, and the world in which it happens.
struct Scene {
  const Action& action;
  std::string_view text;  // the file's
  const Catalog& before;  // the schema right before the action
  // Whether other statements share the action's transaction, be it the runner's or BEGIN's own.
  bool in_transaction = false;
  // The server's major version; 0: not known, the oldest is assumed.
  int postgres_version = 0;
  Release& release;
  const Workload& running;     // what the running version executes; empty where that is not known
  const Workload& next;        // what the new version executes, likewise
  const Catalog& start;        // the schema before the release, where there is a workload
  const Recording* recording;  // over which time the running workload was recorded, or nullptr
  const HeldLocks& held;       // what the action's transaction has locked before it

  // The schema when the action's transaction has ended: what running code gets to see.
  const Catalog& AtCommit() const;
  // Whether the server is known to be at least this version.
  bool Since(int version) const { return postgres_version >= version; }
};

// The way around a finding, in the user's own names. Each part is SQL or a sentence; empty parts
// are left out.
struct Plan {
  std::string now;
  std::string between;
  std::string later;
};

// What the workload shows about the use of what an action takes away.
struct Disuse {
  enum class State {
    kUsed,       // a statement uses it, or may
    kTooRecent,  // nothing does any more, but not for as long as the policy asks for
    kUnused      // nothing does, for as long
  };
  State state = State::kUsed;
  absl::Time since = absl::InfinitePast();        // the last use, else when the recording began
  absl::Time clears_at = absl::InfiniteFuture();  // of kTooRecent
};

// What a rule has to say about one action.
struct Remark {
  std::string subject;  // "orders.note"
  std::vector<v1::Effect> effects;
  std::string message;
  Plan instead;
  // Where it is milder than the rule's own.
  std::optional<v1::Severity> severity = {};
  // Tables that are locked, read or written as a whole. Where each is known to be small, and the
  // effects are of that kind alone, the finding is INFO.
  std::vector<Name> locked = {};
  // The statements that fail by it (witness.h fills them in), and how many there are in all.
  std::vector<v1::Witness> witnesses = {};
  size_t witness_count = 0;
  // Of what takes something away, where the workload shows anything about it (witness.h).
  std::optional<Disuse> disuse = {};
};

// A remark about the release as a whole, at one of its actions.
struct Conclusion {
  size_t deed = 0;  // its place in the ledger
  Remark remark;
};

struct Rule {
  std::string_view id;  // "migration.drop_column"
  v1::Severity severity;
  std::string_view summary;
  std::string_view why;
  std::string_view instead;
  // What there is to say about the scene's action, or nothing. nullptr: others can say it, of the
  // release as a whole or by a rehearsal (proof.h).
  std::optional<Remark> (*examine)(const Scene& scene) = nullptr;
  // What there is to say once all actions were examined.
  std::vector<Conclusion> (*conclude)(const Ledger& ledger) = nullptr;
};

struct RuleEntry {
  std::string_view stem;  // of the file
  const Rule* rule;
};

// All rules, by id, ascending.
std::span<const RuleEntry> AllRules();

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_RULE_H_
