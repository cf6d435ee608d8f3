// A shift of traffic as the rules look at it: what the change tells of itself, with what the policy
// knows of the service. Nothing is guessed: what neither tells is kUnknown.
#ifndef CHECKS_TRAFFIC_SHIFT_H_
#define CHECKS_TRAFFIC_SHIFT_H_

#include <string>
#include <vector>

#include "gate/v1/change.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate::traffic {

// How far sums of shares may be off: people write thirds with a few digits.
inline constexpr double kTolerance = 1e-6;

enum class Answer { kUnknown, kNo, kYes };

// One place that serves the traffic. A share that is not told is 0; see Shift.
struct Origin {
  std::string name;
  double before = 0;  // share, 0 to 1
  double after = 0;
  std::string site;           // "": not told
  std::string database_site;  // "": not told

  bool Serves() const { return after > 0; }
  double Growth() const { return after - before; }
};

struct Shift {
  std::string service;
  std::vector<Origin> origins;  // by name
  // Whether the shares that are told make up all of the traffic.
  bool before_known = false;
  bool after_known = false;
  Answer keeps_sessions = Answer::kUnknown;  // in the origins, where the others cannot read them
  Answer is_sticky = Answer::kUnknown;       // whether a user's requests stay with one origin
  v1::SessionAffinity affinity = v1::SESSION_AFFINITY_UNSPECIFIED;  // by which, where it is told
  std::string way_back;
  double largest_step = 1;  // most that one share may grow by

  // After the shift, by name.
  std::vector<const Origin*> Serving() const;
  // Whether it takes all traffic to where none of it was.
  bool MovesAllAtOnce() const;
};

Shift ReadShift(const v1::Change& change, const v1::TrafficPolicy& policy);

// "20 %", "12.5 %".
std::string Percent(double share);

// "a, b and c"; of more than a handful the first ones, and how many more there are.
std::string Enumerate(std::vector<std::string> names);

// "new-hoster (20 %) and old-hoster (80 %)", by their shares after the shift.
std::string NamesWithShares(const std::vector<const Origin*>& origins);

}  // namespace gate::traffic

#endif  // CHECKS_TRAFFIC_SHIFT_H_
