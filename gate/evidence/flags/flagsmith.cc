#include "gate/evidence/flags/flagsmith.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/base/digest.h"
#include "gate/evidence/flags/answer.h"
#include "gate/evidence/flags/document.h"

namespace gate {
namespace {

constexpr char kDefaultUrl[] = "https://api.flagsmith.com";
constexpr int kFlagsOfAPage = 100;

bool IsNothing(const Value* value) { return value == nullptr || value->IsNull(); }

absl::Status Wrong(std::string_view place, const Value* value, std::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(place), ": ", Show(value), ", not ", std::string(wanted)));
}

// The state of the environment itself: of no identity, and of no segment.
const Value* OwnState(const Value& feature, int64_t environment) {
  const Value* const state = feature.Find("environment_feature_state");
  if (state == nullptr || !state->IsMapping()) return nullptr;
  const Value* const its = state->Find("environment");
  const bool own = its != nullptr && its->Count() == environment &&
                   IsNothing(state->Find("identity")) && IsNothing(state->Find("feature_segment"));
  return own ? state : nullptr;
}

// "" where nobody has it otherwise than the environment; else what is known.
std::string Overrides(const Value& feature, const FlagsmithPlace& place) {
  const Value* const segments = feature.Find("num_segment_overrides");
  const Value* const identities = feature.Find("num_identity_overrides");
  const Value* const complete = feature.Find("is_num_identity_overrides_complete");
  if (segments == nullptr || !segments->Count()) {
    return absl::StrCat("num_segment_overrides: ", Show(segments));
  }
  if (*segments->Count() > 0) return absl::StrCat(*segments->Count(), " segment overrides");
  if (!IsNothing(complete) && !complete->Is(true))
    return "more identity overrides than were counted";
  if (identities == nullptr) return "num_identity_overrides: nothing";
  if (identities->IsNull()) {
    return place.counts_identities ? "" : "identity overrides, which nobody counts on the Edge";
  }
  if (!identities->Count()) return absl::StrCat("num_identity_overrides: ", Show(identities));
  if (*identities->Count() > 0) return absl::StrCat(*identities->Count(), " identity overrides");
  return "";
}

FlagReading ReadFeature(const Value& feature, const FlagsmithPlace& place) {
  const Value* const type = feature.Find("type");
  if (type == nullptr || !type->IsText() || type->text != "STANDARD") {
    return Unknown(absl::StrCat("type: ", Show(type)));
  }
  const Value* const options = feature.Find("multivariate_options");
  if (options == nullptr || !options->IsList() || !options->items.empty()) {
    return Unknown("it has multivariate options, or does not say that it has none");
  }
  const Value* const state = OwnState(feature, place.environment);
  const Value* const enabled = state == nullptr ? nullptr : state->Find("enabled");
  if (enabled == nullptr || enabled->kind != Value::Kind::kBoolean) {
    return Unknown(absl::StrCat("enabled in the environment: ", Show(enabled)));
  }
  if (enabled->boolean) return On("enabled: true");
  const Value* const value = state->Find("feature_state_value");
  if (value == nullptr || !(value->IsNull() || (value->IsText() && value->text.empty()))) {
    return Unknown(absl::StrCat("enabled: false, with the value ", Show(value),
                                ", which SDKs give to code that asks for it"));
  }
  const std::string overrides = Overrides(feature, place);
  if (!overrides.empty()) return Unknown("enabled: false, with " + overrides);
  if (place.hides.value_or(true)) {
    return CodeDefault("enabled: false, and disabled flags are hidden from SDKs");
  }
  return Off("enabled: false, no overrides");
}

std::string FactsOf(const Value& feature) {
  std::string facts;
  for (const char* field :
       {"name", "type", "multivariate_options", "environment_feature_state",
        "num_segment_overrides", "num_identity_overrides", "is_num_identity_overrides_complete",
        "last_modified_in_current_environment"}) {
    const Value* const value = feature.Find(field);
    absl::StrAppend(&facts, value == nullptr ? "" : CanonicalText(*value), "\n");
  }
  return facts;
}

}  // namespace

absl::StatusOr<FlagsmithPlace> ParseFlagsmithEnvironment(std::string_view body, int64_t project) {
  const absl::StatusOr<Value> answer = ParseJson(body);
  if (!answer.ok()) return answer.status();
  const Value* const number = answer->Find("id");
  const Value* const its_project = answer->Find("project");
  const Value* const hides = answer->Find("hide_disabled_flags");
  if (number == nullptr || !number->Count()) return Wrong("id", number, "a number");
  if (its_project == nullptr || !its_project->Count()) {
    return Wrong("project", its_project, "a number");
  }
  if (*its_project->Count() != project) {
    return absl::FailedPreconditionError(absl::StrCat("the environment is of the project ",
                                                      *its_project->Count(), ", not of ", project));
  }
  if (!IsNothing(hides) && hides->kind != Value::Kind::kBoolean) {
    return Wrong("hide_disabled_flags", hides, "a boolean");
  }
  FlagsmithPlace place;
  place.environment = *number->Count();
  if (!IsNothing(hides)) place.hides = hides->boolean;
  return place;
}

absl::Status ParseFlagsmithProject(std::string_view body, FlagsmithPlace& place) {
  const absl::StatusOr<Value> answer = ParseJson(body);
  if (!answer.ok()) return answer.status();
  const Value* const hides = answer->Find("hide_disabled_flags");
  if (!place.hides && hides != nullptr && hides->kind == Value::Kind::kBoolean) {
    place.hides = hides->boolean;
  }
  const Value* const edge = answer->Find("use_edge_identities");
  place.counts_identities = edge != nullptr && edge->Is(false);
  return absl::OkStatus();
}

absl::StatusOr<FlagPage> ParseFlagsmithFeatures(std::string_view body,
                                                const FlagsmithPlace& place) {
  const absl::StatusOr<Value> answer = ParseJson(body);
  if (!answer.ok()) return answer.status();
  const Value* const results = answer->Find("results");
  const Value* const count = answer->Find("count");
  if (results == nullptr || !results->IsList()) return Wrong("results", results, "a list");
  if (count == nullptr || !count->Count()) return Wrong("count", count, "a number of flags");
  FlagPage page;
  page.total = *count->Count();
  std::string facts = absl::StrCat(place.environment, place.hides ? *place.hides : true,
                                   place.counts_identities, "\n");
  for (size_t i = 0; i < results->items.size(); ++i) {
    const Value& feature = results->items[i];
    const Value* const name = feature.Find("name");
    if (name == nullptr || !name->IsText()) {
      return Wrong(absl::StrCat("results[", i, "].name"), name, "a text");
    }
    page.flags.emplace_back(name->text, ReadFeature(feature, place));
    facts += FactsOf(feature);
  }
  page.facts = Sha256Hex(facts);
  return page;
}

FlagsmithReader::FlagsmithReader(const config::v1::FlagServer& server)
    : config_(server.flagsmith()),
      keys_(config_.environment_keys().begin(), config_.environment_keys().end()),
      url_(config_.url().empty() ? kDefaultUrl : config_.url()),
      http_({.bearer_token_file = config_.token_file(),
             .token_scheme = "Api-Key",
             .ca_file = server.ca_file(),
             .max_response_bytes = kMaxFlagBytes}) {}

bool FlagsmithReader::Ask(const std::string& path, const FlagQuestion& question, std::string& body,
                          v1::Absence& absence) {
  HttpResponse response = http_.Get(Below(url_, path), question.deadline);
  if (!IsAnswer(response, "the key in " + config_.token_file(), absence)) return false;
  body = std::move(response.body);
  return true;
}

bool FlagsmithReader::Read(const FlagQuestion& question, v1::FlagStates& states,
                           v1::Absence& absence) {
  const auto key = keys_.find(question.environment);
  if (key == keys_.end()) {
    return Fail(v1::ABSENCE_REASON_NOT_CONFIGURED,
                absl::StrCat("there is no key of the environment ", Quoted(question.environment),
                             "; name it in flagsmith.environment_keys"),
                absence);
  }
  std::string body;
  const std::string environment = absl::StrCat("/api/v1/environments/", UrlPart(key->second), "/");
  if (!Ask(environment, question, body, absence)) return false;
  absl::StatusOr<FlagsmithPlace> place = ParseFlagsmithEnvironment(body, config_.project());
  if (!Check(place.status(), absence)) return false;
  const std::string project = absl::StrCat("/api/v1/projects/", config_.project(), "/");
  if (!Ask(project, question, body, absence)) return false;
  if (!Check(ParseFlagsmithProject(body, *place), absence)) return false;
  const auto ask = [&](int pages, int64_t, FlagPage& page) {
    const std::string features =
        absl::StrCat(project, "features/?environment=", place->environment,
                     "&sort_field=created_date&sort_direction=ASC&page_size=", kFlagsOfAPage,
                     "&page=", pages + 1);
    if (!Ask(features, question, body, absence)) return false;
    absl::StatusOr<FlagPage> read = ParseFlagsmithFeatures(body, *place);
    if (!Check(read.status(), absence)) return false;
    page = *std::move(read);
    return true;
  };
  if (!ReadPages(ask, states, absence)) return false;
  states.set_server(url_);
  return true;
}

}  // namespace gate
