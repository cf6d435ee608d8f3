#include "gate/evidence/flags/unleash.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/evidence/flags/answer.h"
#include "gate/evidence/flags/document.h"
#include "gate/evidence/flags/flag_list.h"

namespace gate {
namespace {

// A list of variants that is there and not empty, or is no list.
bool MayHaveVariants(const Value& holder) {
  const Value* const variants = holder.Find("variants");
  return variants != nullptr && !variants->IsNull() &&
         !(variants->IsList() && variants->items.empty());
}

// "5 % (flexibleRollout)", as people read it.
std::string Describe(const Value& strategy) {
  const Value* const name = strategy.Find("name");
  const std::string called = name != nullptr && name->IsText() ? Cut(name->text, 60) : "?";
  const Value* const parameters = strategy.Find("parameters");
  const Value* const rollout = parameters == nullptr ? nullptr : parameters->Find("rollout");
  const Value* const constraints = strategy.Find("constraints");
  const bool constrained =
      constraints != nullptr && constraints->IsList() && !constraints->items.empty();
  return absl::StrCat(rollout == nullptr ? "" : Cut(rollout->text, 20) + " % ", "(", called,
                      constrained ? ", constrained)" : ")");
}

bool IsForNobody(const Value& strategy) {
  const Value* const name = strategy.Find("name");
  const Value* const parameters = strategy.Find("parameters");
  const Value* const rollout = parameters == nullptr ? nullptr : parameters->Find("rollout");
  return name != nullptr && name->text == "flexibleRollout" && rollout != nullptr &&
         rollout->text == "0";
}

FlagReading ReadEnabled(const Value& feature) {
  const Value* const strategies = feature.Find("strategies");
  if (strategies == nullptr || !strategies->IsList()) {
    return Unknown(absl::StrCat("enabled: true, strategies: ", Show(strategies)));
  }
  if (strategies->items.empty()) return On("enabled: true, for everyone: it has no strategies");
  if (std::ranges::all_of(strategies->items, IsForNobody)) {
    return Unknown(
        "enabled: true, with a rollout of 0 %; to be known as off it has to be disabled");
  }
  std::string detail = "on for ";
  constexpr size_t kShown = 3;
  for (size_t i = 0; i < std::min(strategies->items.size(), kShown); ++i) {
    absl::StrAppend(&detail, i == 0 ? "" : "; ", Describe(strategies->items[i]));
  }
  if (strategies->items.size() > kShown) {
    absl::StrAppend(&detail, "; and ", strategies->items.size() - kShown, " more strategies");
  }
  const Value* const parents = feature.Find("dependencies");
  if (parents != nullptr && parents->IsList() && !parents->items.empty()) {
    detail += ", where its parent flags allow it";
  }
  return On(detail);
}

FlagReading ReadFeature(const Value& feature) {
  const Value* const enabled = feature.Find("enabled");
  if (enabled == nullptr || enabled->kind != Value::Kind::kBoolean) {
    return Unknown(absl::StrCat("enabled: ", Show(enabled), ", which is no boolean"));
  }
  if (enabled->boolean) return ReadEnabled(feature);
  bool variants = MayHaveVariants(feature);
  if (const Value* const strategies = feature.Find("strategies"); strategies != nullptr) {
    variants = variants || std::ranges::any_of(strategies->items, MayHaveVariants);
  }
  if (variants) {
    return CodeDefault(
        "enabled: false, with variants: code that asks for a variant gets its own fallback");
  }
  return Off("enabled: false");
}

absl::Status CheckEnvironment(const Value* query, std::string_view environment) {
  const Value* const named = query == nullptr ? nullptr : query->Find("environment");
  if (named == nullptr || !named->IsText()) {
    return absl::FailedPreconditionError(
        "the answer does not say of which environment it is; an admin token gets such answers: "
        "give a client token of the environment");
  }
  if (named->text == environment) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the token is of the environment ", Quoted(named->text), ", not of ",
                   Quoted(environment), "; name another token file, or its name in environments"));
}

// Whether the token sees the flags of all projects, and nothing else chose among them.
bool ShowsAll(const Value& query) {
  for (size_t i = 0; i < query.keys.size(); ++i) {
    const std::string& key = query.keys[i];
    const Value& value = query.items[i];
    if (key == "environment" || key == "inlineSegmentConstraints") continue;
    const bool all_projects = key == "project" && value.IsList() && value.items.size() == 1 &&
                              value.items[0].IsText() && value.items[0].text == "*";
    if (!all_projects) return false;
  }
  return true;
}

std::string ServersRevision(const Value& answer) {
  const Value* const meta = answer.Find("meta");
  const Value* const revision = meta == nullptr ? nullptr : meta->Find("revisionId");
  return revision == nullptr ? "" : revision->text;
}

}  // namespace

absl::StatusOr<v1::FlagStates> ParseUnleash(std::string_view body, std::string_view environment) {
  const absl::StatusOr<Value> answer = ParseJson(body);
  if (!answer.ok()) return answer.status();
  const Value* const features = answer->Find("features");
  if (features == nullptr || !features->IsList()) {
    return absl::InvalidArgumentError(absl::StrCat("features: ", Show(features), ", not a list"));
  }
  const Value* const query = answer->Find("query");
  const absl::Status right_one = CheckEnvironment(query, environment);
  if (!right_one.ok()) return right_one;
  FlagList flags;
  for (size_t i = 0; i < features->items.size(); ++i) {
    const Value& feature = features->items[i];
    const Value* const name = feature.Find("name");
    if (name == nullptr || !name->IsText()) {
      return absl::InvalidArgumentError(
          absl::StrCat("features[", i, "].name: ", Show(name), ", not a text"));
    }
    const absl::Status added = flags.Add(name->text, ReadFeature(feature));
    if (!added.ok()) return added;
  }
  flags.AddFacts(CanonicalText(*features));
  if (const Value* const segments = answer->Find("segments")) {
    flags.AddFacts(CanonicalText(*segments));
  }
  return flags.States(ServersRevision(*answer), ShowsAll(*query));
}

UnleashReader::UnleashReader(const config::v1::FlagServer& server)
    : url_(server.unleash().url()),
      token_files_(server.unleash().token_files().begin(), server.unleash().token_files().end()) {
  for (const auto& [environment, file] : token_files_) {
    HttpOptions options;
    options.bearer_token_file = file;
    options.token_scheme = "";
    options.ca_file = server.ca_file();
    options.max_response_bytes = kMaxFlagBytes;
    clients_.emplace(environment, std::make_unique<HttpClient>(std::move(options)));
  }
}

bool UnleashReader::Read(const FlagQuestion& question, v1::FlagStates& states,
                         v1::Absence& absence) {
  const auto client = clients_.find(question.environment);
  if (client == clients_.end()) {
    return Fail(v1::ABSENCE_REASON_NOT_CONFIGURED,
                absl::StrCat("there is no token for the environment ", Quoted(question.environment),
                             "; name its file in unleash.token_files"),
                absence);
  }
  const HttpResponse response =
      client->second->Get(Below(url_, "/api/client/features"), question.deadline);
  const std::string token = "the token in " + token_files_.at(question.environment);
  if (!IsAnswer(response, token, absence)) return false;
  absl::StatusOr<v1::FlagStates> read = ParseUnleash(response.body, question.name_there);
  if (!Check(read.status(), absence)) return false;
  states = *std::move(read);
  states.set_server(url_);
  return true;
}

}  // namespace gate
