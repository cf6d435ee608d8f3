// Appends ALLOWs that each want one override, until all are answered. Asks again with the same
// request_id for what was not answered, so that it may be killed and started again at any moment.
//
//   override_consumer STORE-URL NUMBER CONSUMES OVERRIDES
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/store.h"

namespace gate {
namespace {

constexpr int kInFlight = 256;

VerdictRecord Wanting(const std::string& request_id, int override) {
  VerdictRecord record;
  const absl::Time now = absl::Now();
  record.verdict.set_name(absl::StrCat("verdicts/", NewId(now)));
  record.verdict.set_request_id(request_id);
  record.verdict.set_decision(v1::DECISION_ALLOW);
  record.verdict.mutable_change()->set_service("orders");
  record.verdict.mutable_change()->set_environment("production");
  *record.verdict.mutable_create_time() = ToProto(now);
  record.verdict.add_overrides(absl::StrFormat("overrides/O%06d", override));
  record.request_digest = Sha256Hex(request_id);
  return record;
}

int Main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int number = std::atoi(argv[2]), consumes = std::atoi(argv[3]);
  const int overrides = std::atoi(argv[4]);
  const auto store = OpenStore(argv[1], {});
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  int won = 0, lost = 0;
  for (int first = 0; first < consumes; first += kInFlight) {
    std::vector<int> open;
    for (int i = first; i < std::min(consumes, first + kInFlight); ++i) open.push_back(i);
    while (!open.empty()) {
      std::vector<std::promise<absl::StatusOr<Appended>>> answers(open.size());
      for (size_t i = 0; i < open.size(); ++i) {
        (*store)->Append(
            Wanting(absl::StrCat("consumer-", number, "-", open[i]), open[i] % overrides),
            [answer = &answers[i]](absl::StatusOr<Appended> appended) {
              answer->set_value(std::move(appended));
            });
      }
      std::vector<int> again;
      for (size_t i = 0; i < open.size(); ++i) {
        const absl::StatusOr<Appended> answer = answers[i].get_future().get();
        if (answer.ok()) {
          ++won;
        } else if (absl::IsAborted(answer.status())) {
          ++lost;
        } else {
          again.push_back(open[i]);
        }
      }
      open = std::move(again);
    }
  }
  std::printf("%d %d\n", won, lost);
  return 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) { return gate::Main(argc, argv); }
