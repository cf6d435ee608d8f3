// The addresses of one metrics server: which of them is asked, and which is left alone for a while.
//
// Two replicas do not hold the same data: each scrapes for itself. So the one that answered last is
// asked first for as long as it answers, and an answer comes from one of them as a whole. One that
// has failed some times in a row is not asked for a while; then one question tries it again.
#ifndef GATE_EVIDENCE_ENDPOINTS_H_
#define GATE_EVIDENCE_ENDPOINTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gate/base/mutex.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Told what becomes of an address, for metrics. Thread-safe.
class EndpointObserver {
 public:
  virtual ~EndpointObserver() = default;
  // After each question that reached for it: whether it answered, and whether it is asked again at
  // once or left alone for a while.
  virtual void OnEndpoint(std::string_view source, std::string_view url, bool answered,
                          bool left_alone) = 0;
};

// Thread-safe.
class Endpoints {
 public:
  // `source`: the name of the server, as metrics print it. `observer` may be null.
  Endpoints(std::string source, std::vector<std::string> urls, EndpointObserver* observer);

  // All of them, by index, in the order in which they are to be tried.
  std::vector<int> InOrder() GATE_EXCLUDES(mu_);

  // Whether it is asked now. Where it is, one of the three below has to follow.
  bool MayAsk(int endpoint, absl::Time now) GATE_EXCLUDES(mu_);
  void Answered(int endpoint) GATE_EXCLUDES(mu_);
  void Failed(int endpoint, const v1::Absence& absence, absl::Time now) GATE_EXCLUDES(mu_);
  // Neither: it was not its fault, nor did it answer.
  void Undecided(int endpoint) GATE_EXCLUDES(mu_);

  // Why it is left alone, with the reason of its last failure.
  v1::Absence WhyNot(int endpoint) GATE_EXCLUDES(mu_);

  const std::string& url(int endpoint) const { return urls_[endpoint]; }

 private:
  struct State {
    int failures = 0;  // In a row.
    absl::Time failing_since;
    absl::Time closed_until;
    bool probing = false;  // A question tries it again.
    v1::Absence last;
  };

  const std::string source_;
  const std::vector<std::string> urls_;
  EndpointObserver* const observer_;
  Mutex mu_;
  std::vector<State> states_ GATE_GUARDED_BY(mu_);
  int current_ GATE_GUARDED_BY(mu_) = 0;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_ENDPOINTS_H_
