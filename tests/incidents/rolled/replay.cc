#include "tests/incidents/rolled/replay.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "checks/proto_time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace gate {
namespace {

constexpr unsigned kSeeds = 2, kAtOnce = 5;
constexpr absl::Duration kClosely = absl::Seconds(15), kWidely = absl::Minutes(1),
                         kLongAgo = absl::Minutes(2), kBefore = absl::Hours(6);
constexpr size_t kAtATime = 30;  // scrapes
// So long before the end of a long time the service is scraped closely again.
constexpr absl::Duration kLast = absl::Minutes(30);

void Throw(const char* call, const grpc::Status& status) {
  if (status.ok()) return;
  throw std::runtime_error(absl::StrCat(call, ": ", status.error_message()));
}

std::vector<absl::Time> PastScrapes(const ReplaySetup& setup) {
  std::vector<absl::Time> scrapes;
  for (absl::Time time = setup.begin - setup.past; time < setup.begin;) {
    scrapes.push_back(time);
    const bool close =
        time >= setup.begin - kBefore || std::ranges::any_of(setup.closely, [&](const Span& span) {
          return span.Holds(time + kLongAgo);
        });
    time += close ? kClosely : kLongAgo;
  }
  scrapes.push_back(setup.begin);
  return scrapes;
}

std::vector<absl::Time> Scrapes(absl::Time from, absl::Time to) {
  std::vector<absl::Time> scrapes = {from};
  while (scrapes.back() < to) {
    const bool wide = to - scrapes.back() > kLast;
    scrapes.push_back(std::min(to, scrapes.back() + (wide ? kWidely : kClosely)));
  }
  return scrapes;
}

}  // namespace

std::vector<std::vector<unsigned>> SeedsOfIncidents() {
  unsigned count = kSeeds;
  const char* text = std::getenv("GATE_INCIDENT_SEEDS");
  if (text != nullptr && !absl::SimpleAtoi(text, &count)) {
    throw std::runtime_error("GATE_INCIDENT_SEEDS: how many seeds?");
  }
  std::vector<std::vector<unsigned>> batches;
  for (unsigned seed = 1; seed <= count; ++seed) {
    if (batches.empty() || batches.back().size() == kAtOnce) batches.emplace_back();
    batches.back().push_back(seed);
  }
  return batches;
}

std::string NameOfSeeds(const testing::TestParamInfo<std::vector<unsigned>>& seeds) {
  return absl::StrCat("Seeds", seeds.param.front(), "to", seeds.param.back());
}

Replay::Replay(ReplaySetup setup, const std::vector<LiveService*>& services)
    : services_(services), now_(setup.begin) {
  MetricsHistory past;
  for (LiveService* service : services_) {
    past.Add(service->Run(PastScrapes(setup), setup.begin - kBefore));
  }
  auto server = MetricsServerFake::StartPrometheus(past, {"--web.enable-remote-write-receiver"});
  if (!server.ok()) throw std::runtime_error(std::string(server.status().message()));
  prometheus_ = *std::move(server);
  setup.gate.metrics_servers = {{"main", prometheus_->url()}};
  setup.gate.now = ClockText(now_);
  gate_ = std::make_unique<RunningGate>(setup.gate);
  const auto channel = grpc::CreateChannel(gate_->address(), grpc::InsecureChannelCredentials());
  overrides_ = v1::Overrides::NewStub(channel);
  incidents_ = v1::Incidents::NewStub(channel);
}

void Replay::GoOnTo(absl::Time time) {
  // A Prometheus takes nothing that is an hour older than its newest sample.
  const std::vector<absl::Time> scrapes = Scrapes(now_, time);
  for (size_t first = 0; first + 1 < scrapes.size(); first += kAtATime) {
    const size_t behind = std::min(scrapes.size(), first + kAtATime + 1);
    for (LiveService* service : services_) {
      const MetricsHistory history = service->Run(
          {scrapes.begin() + static_cast<int>(first), scrapes.begin() + static_cast<int>(behind)},
          absl::InfinitePast());
      const absl::Status written = prometheus_->RemoteWrite(history);
      if (!written.ok()) throw std::runtime_error(std::string(written.message()));
    }
  }
  now_ = time;
  gate_->SetClock(ClockText(now_));
}

void Replay::BreakGlass(const v1::Verdict& verdict, const std::vector<std::string>& rules) {
  v1::CreateOverrideRequest request;
  request.set_verdict(verdict.name());
  request.set_request_id(absl::StrReplaceAll(verdict.name(), {{"/", "-"}}));
  v1::Override& asked = *request.mutable_override();
  asked.set_reason("it is wanted now");
  asked.set_ticket("OPS-1");
  asked.set_break_glass(true);
  for (const std::string& rule : rules) asked.add_rules(rule);
  grpc::ClientContext context;
  v1::CreateOverrideResponse response;
  Throw("Overrides.Create", overrides_->Create(&context, request, &response));
}

void TellMinute(const std::string& what, unsigned seed, double minutes) {
  std::printf("seed %u: %s after %g min\n", seed, what.c_str(), minutes);
  testing::Test::RecordProperty(
      absl::StrCat(absl::StrReplaceAll(what, {{" ", "_"}}), "_seed_", seed), absl::StrCat(minutes));
}

v1::Change ChangeOf(const LiveService& service, v1::ChangeKind kind, const std::string& version) {
  v1::Change change = AskAbout(service.name(), kind).change();
  change.set_version(version);
  change.set_head_revision(absl::StrCat(std::string(36, 'a'), 1000 + service.seed() % 9000));
  return change;
}

}  // namespace gate
