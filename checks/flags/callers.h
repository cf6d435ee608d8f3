// Which changed functions run only where the flag is on since all that mentions them does (G8): at
// places that are guarded, or in others of them. The greatest such set, so that a function may call
// itself; but not of those that are mentioned by nothing else than themselves.
#ifndef CHECKS_FLAGS_CALLERS_H_
#define CHECKS_FLAGS_CALLERS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checks/flags/changed_file.h"
#include "checks/flags/references.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

// Works out only what it is asked. What it is made from outlives it.
class Callers {
 public:
  Callers(const std::vector<std::unique_ptr<ChangedFile>>& files, CallGraph& graph);

  // What is known of a function that holds something that was added.
  struct Answer {
    bool is_changed = false;  // Otherwise nothing is said.
    bool is_new = false;
    bool covered = false;
    bool is_called = false;  // Known code calls it, without a check. Else others may.
    bool is_open = false;    // It overrides another, or is a route's.
    std::string reason;      // Why it is not covered.
  };
  Answer Of(const ChangedFile& file, NodeId function);

 private:
  struct Entry {
    const ChangedFile* file = nullptr;
    NodeId node = 0;
    enum class State { kNotAsked, kAssumed, kCovered, kUncovered } state = State::kNotAsked;
    size_t next = 0;  // of the references
    // Something that is there whatever becomes of the functions asked about mentions it.
    bool is_entered = false;
    struct Call {
      Entry* called;
      const Reference* at;
    };
    std::vector<Call> calls;  // Of others, without a check.
    // Of all kinds, itself among them: who mentions it, of the functions asked about.
    std::set<Entry*> callers;
    bool is_called = false;
    std::string reason;
  };
  void Add(const ChangedFile& file);
  void Settle(const std::string& name, Entry& entry);
  void Assume(const std::string& name, Entry& entry);
  void LookAtReferences(const std::string& name, Entry& entry);
  // It is not covered, nor what rests on that.
  void Refute(Entry& entry, bool is_called, std::string reason);
  // Notes a mention behind a check.
  void AddGuarded(const Reference& reference, Entry& entry);
  // Functions that nothing but they themselves, or each other, mentions.
  std::vector<Entry*> CalledByThemselves() const;
  void RefuteThoseWithoutEntry();

  CallGraph& graph_;
  std::map<std::string, Entry> functions_;
  std::vector<std::pair<const std::string*, Entry*>> assumed_;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_CALLERS_H_
