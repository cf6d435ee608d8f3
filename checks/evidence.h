// What was observed for one evaluation: observations by id. Absence is a value like any other.
#ifndef CHECKS_EVIDENCE_H_
#define CHECKS_EVIDENCE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gate/v1/evidence.pb.h"

namespace gate {

// Immutable once handed to a check. Not thread-safe while it is being filled.
class Evidence {
 public:
  // Adds an observation; one with the same id is replaced. A shared one is not copied: a series of
  // a day is large, and many evaluations look at the same one.
  void Add(std::shared_ptr<const v1::Observation> observation);
  void Add(v1::Observation observation);

  bool Contains(std::string_view id) const { return observations_.find(id) != observations_.end(); }

  // The observation with that id. Where there is none, an Absence that says so: a check never has
  // to tell "not asked" from "not there".
  const v1::Observation& Get(std::string_view id) const;

  // By id, ascending.
  using Observations = std::map<std::string, std::shared_ptr<const v1::Observation>, std::less<>>;
  const Observations& observations() const { return observations_; }

 private:
  Observations observations_;
};

// An observation without a value.
v1::Observation Absent(std::string_view id, std::string_view source, v1::AbsenceReason reason,
                       std::string_view detail);

// One sentence for people: "prometheus:main could not be reached: connection refused".
std::string Describe(const v1::Absence& absence, std::string_view source);

}  // namespace gate

#endif  // CHECKS_EVIDENCE_H_
