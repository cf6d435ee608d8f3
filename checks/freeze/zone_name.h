// Names of time zones, as people write them.
#ifndef CHECKS_FREEZE_ZONE_NAME_H_
#define CHECKS_FREEZE_ZONE_NAME_H_

#include <string>
#include <string_view>

namespace gate::freeze {

// What is wrong with the name of a zone, for its author, with a suggestion where one is near; empty
// where it is the name of an IANA zone. Abbreviations of fixed offsets, such as "EST", are refused:
// they know no summer time, and whoever writes them seldom means that.
std::string ZoneIssue(std::string_view name);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_ZONE_NAME_H_
