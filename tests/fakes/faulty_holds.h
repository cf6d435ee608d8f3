// Freezes and incidents that cannot be read when a test wants it so.
#ifndef TESTS_FAKES_FAULTY_HOLDS_H_
#define TESTS_FAKES_FAULTY_HOLDS_H_

#include <utility>

#include "gate/store/hold_store.h"

namespace gate {

// Passes calls on to a working store, except for ReadHolds while `failure` is not OK.
class FaultyHolds final : public HoldStore {
 public:
  explicit FaultyHolds(HoldStore& store) : store_(store) {}

  // Not while a call is under way.
  absl::Status failure;

  absl::StatusOr<v1::Freeze> CreateFreeze(const FreezeCreation& creation) override {
    return store_.CreateFreeze(creation);
  }
  absl::StatusOr<v1::Freeze> LiftFreeze(const FreezeLift& lift) override {
    return store_.LiftFreeze(lift);
  }
  absl::StatusOr<v1::Freeze> GetFreeze(std::string_view id) override {
    return store_.GetFreeze(id);
  }
  absl::StatusOr<std::vector<v1::Freeze>> ListFreezes(absl::Time start, absl::Time end) override {
    return store_.ListFreezes(start, end);
  }
  absl::StatusOr<v1::Incident> ReportIncident(const IncidentReport& report) override {
    return store_.ReportIncident(report);
  }
  absl::StatusOr<v1::Incident> ResolveIncident(const IncidentResolution& resolution) override {
    return store_.ResolveIncident(resolution);
  }
  absl::StatusOr<v1::Incident> GetIncident(std::string_view id) override {
    return store_.GetIncident(id);
  }
  absl::StatusOr<std::vector<v1::Incident>> ListIncidents(const IncidentFilter& filter,
                                                          std::string_view before,
                                                          int limit) override {
    return store_.ListIncidents(filter, before, limit);
  }
  absl::StatusOr<v1::Holds> ReadHolds(absl::Time now, bool moving) override {
    if (!failure.ok()) return failure;
    return store_.ReadHolds(now, moving);
  }
  bool IsAtHand() const override { return store_.IsAtHand(); }

 private:
  HoldStore& store_;
};

}  // namespace gate

#endif  // TESTS_FAKES_FAULTY_HOLDS_H_
