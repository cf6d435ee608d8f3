#include "checks/qa/setting.h"

#include <algorithm>
#include <ranges>

namespace gate::qa {
namespace {

std::string TitleOf(const v1::Change& change, const std::string& key) {
  for (const v1::Ticket& ticket : change.ticket_details()) {
    if (ticket.key() == key) return ticket.title();
  }
  return "";
}

// A commit and all that it contains of the release.
std::set<std::string> Contained(const v1::Release& release, const std::string& build) {
  std::set<std::string> contained = {build};
  // Each commit stands behind its parents, so that going backwards meets children first.
  for (const v1::ReleaseCommit& commit : std::views::reverse(release.commits())) {
    if (!contained.contains(commit.revision())) continue;
    contained.insert(commit.parents().begin(), commit.parents().end());
  }
  return contained;
}

}  // namespace

std::vector<Ticket> Setting::Tickets() const {
  std::map<std::string, Ticket> tickets;
  if (release != nullptr) {
    for (const v1::ReleaseTicket& code : release->tickets()) {
      tickets[code.key()] = {code.key(), code.title(), &code};
    }
  }
  const auto add = [&](const std::string& key) {
    if (!key.empty()) tickets.try_emplace(key, Ticket{key, TitleOf(change, key), nullptr});
  };
  for (const std::string& key : change.tickets()) add(key);
  for (const v1::Ticket& ticket : change.ticket_details()) add(ticket.key());
  for (const std::string& key : results.FailedTickets(head)) add(key);
  // Something goes out, whoever's it is.
  if (tickets.empty()) tickets[""] = {};
  std::vector<Ticket> all;
  for (auto& [key, ticket] : tickets) all.push_back(std::move(ticket));
  return all;
}

std::vector<const Component*> Setting::Touched(const Ticket& ticket) const {
  std::vector<const Component*> touched;
  for (const Component& component : parameters.components) {
    const bool has = release == nullptr ||
                     (ticket.code != nullptr &&
                      std::ranges::any_of(ticket.code->paths(), [&](const std::string& path) {
                        return component.Has(path);
                      }));
    if (has) touched.push_back(&component);
  }
  return touched;
}

std::string Setting::NewestTested(const std::string& ticket) const {
  if (ticket.empty() || results.HasFor(ticket, head)) return ticket.empty() ? "" : head;
  if (release == nullptr) return "";
  for (const v1::ReleaseCommit& commit : std::views::reverse(release->commits())) {
    if (results.HasFor(ticket, commit.revision())) return commit.revision();
  }
  return "";
}

std::vector<std::string> Setting::BuildsToReuse(const Component& component) const {
  std::vector<std::string> builds;
  if (change.kind() != v1::CHANGE_KIND_HOTFIX || release == nullptr) return builds;
  for (const v1::ReleaseCommit& tested : std::views::reverse(release->commits())) {
    if (tested.revision() == head || !results.builds().contains(tested.revision())) continue;
    const std::set<std::string> contained = Contained(*release, tested.revision());
    const bool unchanged =
        std::ranges::none_of(release->commits(), [&](const v1::ReleaseCommit& commit) {
          return !contained.contains(commit.revision()) &&
                 std::ranges::any_of(commit.paths(),
                                     [&](const std::string& path) { return component.Has(path); });
        });
    if (unchanged) builds.push_back(tested.revision());
  }
  return builds;
}

}  // namespace gate::qa
