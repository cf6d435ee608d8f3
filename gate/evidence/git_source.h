// Releases, from repositories of this machine: each question is answered by a process of its own
// (release_process.h), from objects alone (git/release.h).
//
// The answer follows from the question and from objects that never change, so it is kept: asked
// again during a rollout, it costs nothing. Equal questions at the same time share one process.
// Where something is missing the question is asked anew: the next fetch may have brought it.
#ifndef GATE_EVIDENCE_GIT_SOURCE_H_
#define GATE_EVIDENCE_GIT_SOURCE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/base/mutex.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/source.h"

namespace gate {

// Thread-safe. One for all repositories: a question may leave it to the change which one is meant.
class GitSource final : public Source {
 public:
  // As git::AnswerRelease; called by several threads at a time.
  using Answer = std::function<absl::StatusOr<v1::Release>(
      const v1::ReleaseQuery&, const std::string& folder, std::chrono::steady_clock::time_point)>;

  // With defaults filled in.
  GitSource(std::vector<config::v1::Repository> repositories, Answer answer)
      : repositories_(std::move(repositories)), answer_(std::move(answer)) {}

  // Observations are of "git:NAME".
  std::string_view name() const override { return "git"; }
  bool Answers(const v1::Query& query) const override { return query.has_release(); }
  bool Immediate() const override { return false; }
  std::shared_ptr<const v1::Observation> AtHand(const v1::Query& query,
                                                const FetchContext& context) override
      GATE_EXCLUDES(mu_);
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override
      GATE_EXCLUDES(mu_);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  using Kept = std::shared_ptr<const v1::Observation>;

  // The repository that is meant; null where there is none.
  const config::v1::Repository* Find(const v1::ReleaseQuery& query, const v1::Change& change) const;
  std::string NothingFound(const v1::ReleaseQuery& query, const v1::Change& change) const;
  v1::Observation Ask(const v1::Query& query, const config::v1::Repository& repository,
                      const FetchContext& context) const;
  // Until there is a place and nobody else asks the same. The answer where it is kept by then;
  // false where the time is over.
  bool Enter(const std::string& key, Deadline deadline, Kept& kept) GATE_EXCLUDES(mu_);
  void Leave(const std::string& key, const v1::Observation& observation) GATE_EXCLUDES(mu_);

  const std::vector<config::v1::Repository> repositories_;
  const Answer answer_;

  Mutex mu_;
  CondVar left_;
  std::set<std::string> under_way_ GATE_GUARDED_BY(mu_);
  std::map<std::string, Kept> kept_ GATE_GUARDED_BY(mu_);
  std::deque<std::string> order_ GATE_GUARDED_BY(mu_);  // of what is kept, oldest first
  size_t kept_bytes_ GATE_GUARDED_BY(mu_) = 0;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_GIT_SOURCE_H_
