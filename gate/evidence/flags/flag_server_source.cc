#include "gate/evidence/flags/flag_server_source.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/evidence/flags/flag_file.h"
#include "gate/evidence/flags/flag_list.h"
#include "gate/evidence/flags/flagd_file.h"
#include "gate/evidence/flags/flagsmith.h"
#include "gate/evidence/flags/launch_darkly.h"
#include "gate/evidence/flags/ofrep.h"
#include "gate/evidence/flags/unleash.h"

namespace gate {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(5);
constexpr int kMaxAsked = 10'000;

std::unique_ptr<FlagReader> ReaderOf(const config::v1::FlagServer& server) {
  switch (server.kind_case()) {
    case config::v1::FlagServer::kUnleash:
      return std::make_unique<UnleashReader>(server);
    case config::v1::FlagServer::kFlagdFile:
      return std::make_unique<FlagdFileReader>(server);
    case config::v1::FlagServer::kFile:
      return std::make_unique<FlagFileReader>(server);
    case config::v1::FlagServer::kOfrep:
      return std::make_unique<OfrepReader>(server);
    case config::v1::FlagServer::kLaunchDarkly:
      return std::make_unique<LaunchDarklyReader>(server);
    case config::v1::FlagServer::kFlagsmith:
      return std::make_unique<FlagsmithReader>(server);
    case config::v1::FlagServer::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

}  // namespace

FlagServerSource::FlagServerSource(const config::v1::FlagServer& server)
    : source_(server.name()),
      name_("flags:" + server.name()),
      timeout_(absl::ToChronoNanoseconds(server.has_timeout() ? FromProto(server.timeout())
                                                              : kDefaultTimeout)),
      names_there_(server.environments().begin(), server.environments().end()),
      reader_(ReaderOf(server)) {}

bool FlagServerSource::Answers(const v1::Query& query) const {
  return query.has_flag_states() && query.flag_states().source() == source_;
}

v1::Observation FlagServerSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const v1::FlagStatesQuery& asked = query.flag_states();
  const std::string& environment = context.change.environment();
  if (reader_ == nullptr) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_NOT_CONFIGURED,
                  "its configuration does not say what kind of server it is");
  }
  if (asked.flags_size() > kMaxAsked) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_REJECTED,
                  absl::StrCat("more than ", kMaxAsked, " flags are asked for by name"));
  }
  const auto there = names_there_.find(environment);
  const FlagQuestion question = {
      environment, there == names_there_.end() ? environment : there->second,
      std::min(context.deadline,
               std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout_))};
  v1::Observation observation;
  v1::Absence absence;
  try {
    if (!reader_->Read(question, *observation.mutable_flag_states(), absence)) {
      return Absent(query.id(), name_, absence.reason(), absence.detail());
    }
    PickFlags(asked, *observation.mutable_flag_states());
  } catch (const std::exception& error) {  // Memory.
    return Absent(query.id(), name_, v1::ABSENCE_REASON_INTERNAL, error.what());
  }
  observation.mutable_flag_states()->set_environment(question.name_there);
  observation.set_id(query.id());
  observation.set_source(name_);
  *observation.mutable_observed_at() = ToProto(context.now);
  return observation;
}

}  // namespace gate
