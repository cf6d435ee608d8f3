// Whatever a flag server or a file says: it is read or refused with words, each flag is there once,
// and what is said of it fits into the evidence. The first byte chooses the form.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "checks/policy/utf8.h"
#include "gate/evidence/flags/document.h"
#include "gate/evidence/flags/flag_file.h"
#include "gate/evidence/flags/flag_list.h"
#include "gate/evidence/flags/flagd_file.h"
#include "gate/evidence/flags/flagsmith.h"
#include "gate/evidence/flags/launch_darkly.h"
#include "gate/evidence/flags/ofrep.h"
#include "gate/evidence/flags/unleash.h"

namespace {

void Require(bool holds) {
  if (!holds) __builtin_trap();
}

absl::StatusOr<gate::v1::FlagStates> OfPage(const absl::StatusOr<gate::FlagPage>& page) {
  return page.ok() ? gate::JoinPages({*page}) : page.status();
}

absl::StatusOr<gate::v1::FlagStates> Parse(char form, std::string_view text) {
  switch (form) {
    case 'u':
      return gate::ParseUnleash(text, "production");
    case 'j':
      return gate::ParseFlagdFile(text, false);
    case 'y':
      return gate::ParseFlagdFile(text, true);
    case 'f':
      return gate::ParseFlagFile(text, "production");
    case 'o':
      return gate::ParseOfrep(text, "\"etag\"");
    case 'l':
      return OfPage(gate::ParseLaunchDarkly(text, "production"));
    case 's':
      return OfPage(gate::ParseFlagsmithFeatures(text, {3, false, true}));
    default:
      break;
  }
  auto place = gate::ParseFlagsmithEnvironment(text, 7);
  if (!place.ok()) return place.status();
  const absl::Status project = gate::ParseFlagsmithProject(text, *place);
  return project.ok() ? absl::StatusOr<gate::v1::FlagStates>(gate::FlagList().States("", true))
                      : project;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto states = Parse(static_cast<char>(data[0]), text);
  if (!states.ok()) {
    Require(!states.status().message().empty());
    return 0;
  }
  Require(!states->revision().empty());
  std::string before;
  for (const gate::v1::FlagState& state : states->flags()) {
    Require(state.flag() > before && state.value() != gate::v1::FLAG_VALUE_UNSPECIFIED);
    Require(!state.detail().empty() && state.detail().size() <= 512);
    Require(gate::FindInvalidUtf8(state.detail()) == std::string_view::npos);
    Require(gate::FindInvalidUtf8(state.flag()) == std::string_view::npos);
    before = state.flag();
  }
  // The same again, and it survives being stored.
  const auto again = Parse(static_cast<char>(data[0]), text);
  gate::v1::FlagStates stored;
  Require(again.ok() && stored.ParseFromString(states->SerializeAsString()));
  Require(stored.SerializeAsString() == again->SerializeAsString());
  return 0;
}
