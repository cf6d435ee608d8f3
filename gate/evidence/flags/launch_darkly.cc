#include "gate/evidence/flags/launch_darkly.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/base/digest.h"
#include "gate/evidence/flags/answer.h"
#include "gate/evidence/flags/document.h"

namespace gate {
namespace {

constexpr char kDefaultUrl[] = "https://app.launchdarkly.com";
constexpr int kFlagsOfAPage = 100;

// What the flag's own variation of that number serves. Null where it is no number of one.
const Value* Variation(const Value& flag, const Value* number) {
  const auto index = number == nullptr ? std::nullopt : number->Count();
  const Value* const variations = flag.Find("variations");
  if (!index || variations == nullptr || !variations->IsList()) return nullptr;
  if (*index >= static_cast<int64_t>(variations->items.size())) return nullptr;
  return variations->items[*index].Find("value");
}

bool AreBooleans(const Value* variations) {
  return variations != nullptr && variations->IsList() && !variations->items.empty() &&
         std::ranges::all_of(variations->items, [](const Value& variation) {
           const Value* const value = variation.Find("value");
           return value != nullptr && value->kind == Value::Kind::kBoolean;
         });
}

FlagReading ReadOff(const Value& flag, const Value& there) {
  const Value* const number = there.Find("offVariation");
  if (number == nullptr || number->IsNull()) return CodeDefault("on: false, no offVariation");
  const Value* const value = Variation(flag, number);
  if (value == nullptr) {
    return Unknown(
        absl::StrCat("on: false, offVariation: ", Show(number), ", which is no variation of it"));
  }
  const std::string detail =
      absl::StrCat("on: false, offVariation ", Show(number), ": ", Show(value));
  return value->boolean ? On(detail) : Off(detail);
}

FlagReading ReadOn(const Value& flag, const Value& there) {
  const Value* const fallthrough = there.Find("fallthrough");
  const Value* const number = fallthrough == nullptr ? nullptr : fallthrough->Find("variation");
  const Value* const value = Variation(flag, number);
  if (value != nullptr && value->Is(true)) return On("on: true, for whom no rule says otherwise");
  if (value == nullptr && fallthrough != nullptr && fallthrough->Find("rollout") != nullptr) {
    return On("on: true, for a part (rollout)");
  }
  return Unknown("on: true; to be known as off its targeting has to be off");
}

FlagReading ReadFlag(const Value& flag, std::string_view environment) {
  const Value* const kind = flag.Find("kind");
  if (kind == nullptr || !kind->IsText() || kind->text != "boolean" ||
      !AreBooleans(flag.Find("variations"))) {
    return Unknown(absl::StrCat("kind: ", Show(kind), ", or variations that are no booleans"));
  }
  const Value* const archived = flag.Find("archived");
  if (archived == nullptr || archived->kind != Value::Kind::kBoolean) {
    return Unknown(absl::StrCat("archived: ", Show(archived), ", which is no boolean"));
  }
  if (archived->boolean) return CodeDefault("it is archived");
  const Value* const environments = flag.Find("environments");
  const Value* const there =
      environments == nullptr ? nullptr : environments->Find(std::string(environment));
  if (there == nullptr || !there->IsMapping()) {
    return Unknown(absl::StrCat("it says nothing of the environment ", Quoted(environment)));
  }
  const Value* const on = there->Find("on");
  if (on == nullptr || on->kind != Value::Kind::kBoolean) {
    return Unknown(absl::StrCat("on: ", Show(on), ", which is no boolean"));
  }
  return on->boolean ? ReadOn(flag, *there) : ReadOff(flag, *there);
}

// All of a flag that may change whom it is on for, and no more: other fields change by themselves.
std::string FactsOf(const Value& flag, std::string_view environment) {
  std::string facts;
  for (const char* field : {"key", "kind", "variations", "archived"}) {
    const Value* const value = flag.Find(field);
    absl::StrAppend(&facts, value == nullptr ? "" : CanonicalText(*value), "\n");
  }
  const Value* const environments = flag.Find("environments");
  const Value* const there =
      environments == nullptr ? nullptr : environments->Find(std::string(environment));
  if (there == nullptr) return facts;
  for (size_t i = 0; i < there->keys.size(); ++i) {
    if (there->keys[i].starts_with("_")) continue;  // Links and summaries.
    absl::StrAppend(&facts, there->keys[i], " ", CanonicalText(there->items[i]), "\n");
  }
  return facts;
}

}  // namespace

absl::StatusOr<FlagPage> ParseLaunchDarkly(std::string_view body, std::string_view environment) {
  const absl::StatusOr<Value> answer = ParseJson(body);
  if (!answer.ok()) return answer.status();
  const Value* const items = answer->Find("items");
  if (items == nullptr || !items->IsList()) {
    return absl::InvalidArgumentError(absl::StrCat("items: ", Show(items), ", not a list"));
  }
  const Value* const total = answer->Find("totalCount");
  if (total == nullptr || !total->Count()) {
    return absl::InvalidArgumentError(
        absl::StrCat("totalCount: ", Show(total), ", not a number of flags"));
  }
  FlagPage page;
  page.total = *total->Count();
  std::string facts;
  for (size_t i = 0; i < items->items.size(); ++i) {
    const Value& flag = items->items[i];
    const Value* const key = flag.Find("key");
    if (key == nullptr || !key->IsText()) {
      return absl::InvalidArgumentError(
          absl::StrCat("items[", i, "].key: ", Show(key), ", not a text"));
    }
    page.flags.emplace_back(key->text, ReadFlag(flag, environment));
    facts += FactsOf(flag, environment);
  }
  page.facts = Sha256Hex(facts);
  return page;
}

LaunchDarklyReader::LaunchDarklyReader(const config::v1::FlagServer& server)
    : config_(server.launch_darkly()),
      url_(config_.url().empty() ? kDefaultUrl : config_.url()),
      http_({.bearer_token_file = config_.token_file(),
             .token_scheme = "",
             .ca_file = server.ca_file(),
             // Of this one `summary=0` shows offVariation, prerequisites and rules.
             .headers = {{"LD-API-Version", "20220603"}},
             .max_response_bytes = kMaxFlagBytes}) {}

bool LaunchDarklyReader::Read(const FlagQuestion& question, v1::FlagStates& states,
                              v1::Absence& absence) {
  const std::string url =
      Below(url_, absl::StrCat("/api/v2/flags/", UrlPart(config_.project()),
                               "?env=", UrlPart(question.name_there),
                               "&summary=0&sort=creationDate&limit=", kFlagsOfAPage, "&offset="));
  const auto ask = [&](int, int64_t flags, FlagPage& page) {
    const HttpResponse response = http_.Get(absl::StrCat(url, flags), question.deadline);
    if (!IsAnswer(response, "the token in " + config_.token_file(), absence)) return false;
    absl::StatusOr<FlagPage> read = ParseLaunchDarkly(response.body, question.name_there);
    if (!Check(read.status(), absence)) return false;
    page = *std::move(read);
    return true;
  };
  if (!ReadPages(ask, states, absence)) return false;
  states.set_server(url_);
  return true;
}

}  // namespace gate
