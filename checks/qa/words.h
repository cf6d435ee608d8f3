// How the qa check says things.
#ifndef CHECKS_QA_WORDS_H_
#define CHECKS_QA_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "gate/v1/qa.pb.h"

namespace gate::qa {

// "1 line", "12 lines".
std::string Count(size_t count, std::string_view singular);
// The first digits of a revision, as git shows them.
std::string Short(std::string_view revision);
// "a, b and c", and of more than `most` "a, b and 7 more".
std::string Enumerate(const std::vector<std::string>& things, size_t most);
// "assign and archive on ios; modify on web", in the order of the cells.
std::string ByPlatform(const std::vector<const v1::QaCell*>& cells);
// "TASKS-118", or "the commits without a ticket".
std::string Name(const std::string& ticket);
std::string Capitalized(std::string text);

}  // namespace gate::qa

#endif  // CHECKS_QA_WORDS_H_
