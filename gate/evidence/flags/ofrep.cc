#include "gate/evidence/flags/ofrep.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/evidence/flags/answer.h"
#include "gate/evidence/flags/document.h"
#include "gate/evidence/flags/flag_list.h"

namespace gate {
namespace {

// Somebody whom no rule names.
constexpr char kNobody[] = R"({"context":{"targetingKey":"deployment-gate"}})";

FlagReading ReadFlag(const Value& flag) {
  if (const Value* const error = flag.Find("errorCode"); error != nullptr) {
    return Unknown(absl::StrCat("errorCode: ", Show(error)));
  }
  const Value* const reason = flag.Find("reason");
  const Value* const value = flag.Find("value");
  const std::string detail = absl::StrCat("reason ", Show(reason), ", value ", Show(value));
  if (reason == nullptr || !reason->IsText()) return Unknown(detail);
  const bool no_value = value == nullptr || value->IsNull();
  if (!no_value && value->kind != Value::Kind::kBoolean) {
    return Unknown(detail + ", which is no boolean");
  }
  if (!no_value && value->boolean) return On(detail);
  if (reason->text == "DISABLED") return CodeDefault(detail);
  if (reason->text == "STATIC" && !no_value) return Off(detail);
  return Unknown(detail + ": it may be another one for others");
}

}  // namespace

absl::StatusOr<v1::FlagStates> ParseOfrep(std::string_view body, std::string_view etag) {
  const absl::StatusOr<Value> answer = ParseJson(body);
  if (!answer.ok()) return answer.status();
  const Value* const flags = answer->Find("flags");
  if (flags == nullptr || !flags->IsList()) {
    return absl::InvalidArgumentError(absl::StrCat("flags: ", Show(flags), ", not a list"));
  }
  FlagList list;
  for (size_t i = 0; i < flags->items.size(); ++i) {
    const Value* const key = flags->items[i].Find("key");
    if (key == nullptr || !key->IsText()) {
      return absl::InvalidArgumentError(
          absl::StrCat("flags[", i, "].key: ", Show(key), ", not a text"));
    }
    const absl::Status added = list.Add(key->text, ReadFlag(flags->items[i]));
    if (!added.ok()) return added;
  }
  list.AddFacts(CanonicalText(*flags));
  return list.States(etag, false);
}

OfrepReader::OfrepReader(const config::v1::FlagServer& server)
    : urls_(server.ofrep().urls().begin(), server.ofrep().urls().end()),
      token_file_(server.ofrep().token_file()),
      http_({.bearer_token_file = token_file_,
             .ca_file = server.ca_file(),
             .max_response_bytes = kMaxFlagBytes}) {}

bool OfrepReader::Read(const FlagQuestion& question, v1::FlagStates& states, v1::Absence& absence) {
  const auto url = urls_.find(question.environment);
  if (url == urls_.end()) {
    return Fail(v1::ABSENCE_REASON_NOT_CONFIGURED,
                absl::StrCat("there is no address for the environment ",
                             Quoted(question.environment), "; name it in ofrep.urls"),
                absence);
  }
  const HttpResponse response =
      http_.PostJson(Below(url->second, "/ofrep/v1/evaluate/flags"), kNobody, question.deadline);
  const std::string token =
      token_file_.empty() ? "a request without a token" : "the token in " + token_file_;
  if (!IsAnswer(response, token, absence)) return false;
  absl::StatusOr<v1::FlagStates> read = ParseOfrep(response.body, response.etag);
  if (!Check(read.status(), absence)) return false;
  states = *std::move(read);
  states.set_server(url->second);
  return true;
}

}  // namespace gate
