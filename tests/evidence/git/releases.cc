#include "tests/evidence/git/releases.h"

#include <gtest/gtest.h>

#include "gate/evidence/git/release.h"

namespace gate::git {

v1::ReleaseQuery Between(const std::string& base, const std::string& head) {
  v1::ReleaseQuery query;
  query.set_repository("shop");
  query.set_base_revision(base);
  query.set_head_revision(head);
  return query;
}

v1::Release Answer(const ScratchRepository& repository, const v1::ReleaseQuery& query) {
  const auto release = AnswerRelease(query, repository.path(),
                                     std::chrono::steady_clock::now() + std::chrono::seconds(60));
  EXPECT_TRUE(release.ok()) << release.status();
  return release.ok() ? *release : v1::Release();
}

v1::ReleaseTicket TicketOf(const v1::Release& release, const std::string& key) {
  for (const v1::ReleaseTicket& ticket : release.tickets()) {
    if (ticket.key() == key) return ticket;
  }
  ADD_FAILURE() << "no ticket \"" << key << "\" in " << release.ShortDebugString();
  return {};
}

std::vector<std::string> SubjectsOf(const v1::Release& release, const std::string& key) {
  std::vector<std::string> subjects;
  const v1::ReleaseTicket ticket = TicketOf(release, key);
  for (const std::string& revision : ticket.commits()) {
    for (const v1::ReleaseCommit& commit : release.commits()) {
      if (commit.revision() == revision) subjects.push_back(commit.summary());
    }
  }
  return subjects;
}

}  // namespace gate::git
