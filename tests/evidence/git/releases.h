// Releases of a test's own repository, as the gate reads them.
#ifndef TESTS_EVIDENCE_GIT_RELEASES_H_
#define TESTS_EVIDENCE_GIT_RELEASES_H_

#include <string>
#include <vector>

#include "gate/v1/release.pb.h"
#include "tests/fakes/scratch_repository.h"

namespace gate::git {

// Of base..head, in the mirror "shop"; 60 seconds.
v1::Release Answer(const ScratchRepository& repository, const v1::ReleaseQuery& query);
v1::ReleaseQuery Between(const std::string& base, const std::string& head);

// The ticket with that key; fails the test where there is none.
v1::ReleaseTicket TicketOf(const v1::Release& release, const std::string& key);

// Subjects of the ticket's commits, oldest first.
std::vector<std::string> SubjectsOf(const v1::Release& release, const std::string& key);

}  // namespace gate::git

#endif  // TESTS_EVIDENCE_GIT_RELEASES_H_
