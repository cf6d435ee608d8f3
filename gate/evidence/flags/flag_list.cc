#include "gate/evidence/flags/flag_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/base/digest.h"
#include "gate/evidence/flags/document.h"

namespace gate {
namespace {

constexpr size_t kMaxDetail = 512;
constexpr size_t kMaxTheirs = 128;
constexpr size_t kDigestDigits = 16;
constexpr int kMaxFlags = 10'000;

// Headers may hold any bytes.
bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return absl::ascii_isprint(c); });
}

v1::FlagState StateOf(const std::string& name, const FlagReading& reading) {
  v1::FlagState state;
  state.set_flag(name);
  state.set_value(reading.value);
  state.set_detail(Cut(reading.detail, kMaxDetail));
  return state;
}

}  // namespace

absl::Status FlagList::Add(const std::string& name, FlagReading reading) {
  if (name.empty()) return absl::InvalidArgumentError("a flag has no name");
  const bool added = flags_.emplace(name, std::move(reading)).second;
  if (added) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the flag ", Quoted(name), " is there twice"));
}

void FlagList::AddFacts(std::string_view facts) {
  facts_ = Sha256Hex(absl::StrCat(facts_, "\n", Sha256Hex(facts)));
}

v1::FlagStates FlagList::States(std::string_view theirs, bool complete) const {
  v1::FlagStates states;
  for (const auto& [name, reading] : flags_) *states.add_flags() = StateOf(name, reading);
  const std::string digest = (facts_.empty() ? Sha256Hex("") : facts_).substr(0, kDigestDigits);
  const bool shown = !theirs.empty() && IsPrintable(theirs);
  states.set_revision(shown ? absl::StrCat(Cut(theirs, kMaxTheirs), " ", digest) : digest);
  states.set_complete(complete);
  return states;
}

void PickFlags(const v1::FlagStatesQuery& asked, v1::FlagStates& states) {
  if (asked.flags().empty()) {
    if (states.flags_size() <= kMaxFlags) return;
    states.mutable_flags()->DeleteSubrange(kMaxFlags, states.flags_size() - kMaxFlags);
    states.set_complete(false);
    return;
  }
  std::map<std::string_view, const v1::FlagState*> known;
  for (const v1::FlagState& state : states.flags()) known.emplace(state.flag(), &state);
  const FlagReading missing =
      states.complete()
          ? CodeDefault("there is no such flag, or it is archived")
          : Unknown("it is not among the flags that were shown, which need not be all");
  google::protobuf::RepeatedPtrField<v1::FlagState> picked;
  for (const std::string& name :
       std::set<std::string>(asked.flags().begin(), asked.flags().end())) {
    const auto found = known.find(name);
    *picked.Add() = found == known.end() ? StateOf(name, missing) : *found->second;
  }
  states.mutable_flags()->Swap(&picked);
}

}  // namespace gate
