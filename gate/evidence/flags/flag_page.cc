#include "gate/evidence/flags/flag_page.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gate/evidence/flags/answer.h"

namespace gate {
namespace {

constexpr int kMaxPages = 200;
constexpr int64_t kMaxFlags = 100'000;
constexpr char kChanged[] = ": the flags changed while they were read";

}  // namespace

absl::StatusOr<v1::FlagStates> JoinPages(const std::vector<FlagPage>& pages) {
  FlagList list;
  int64_t flags = 0;
  for (const FlagPage& page : pages) {
    if (page.total != pages.front().total) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are ", pages.front().total, " flags, then ", page.total, kChanged));
    }
    for (const auto& [name, reading] : page.flags) {
      const absl::Status added = list.Add(name, reading);
      if (!added.ok()) return added;
    }
    flags += static_cast<int64_t>(page.flags.size());
    list.AddFacts(page.facts);
  }
  if (pages.empty() || flags != pages.front().total) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags, " flags came, of ", pages.empty() ? 0 : pages.front().total));
  }
  return list.States("", pages.size() == 1);
}

bool ReadPages(const std::function<bool(int pages, int64_t flags, FlagPage& page)>& ask,
               v1::FlagStates& states, v1::Absence& absence) {
  std::vector<FlagPage> pages;
  int64_t flags = 0;
  do {
    if (pages.size() == kMaxPages) {
      return Fail(v1::ABSENCE_REASON_TOO_LARGE,
                  absl::StrCat("more than ", kMaxPages, " pages of flags"), absence);
    }
    FlagPage page;
    if (!ask(static_cast<int>(pages.size()), flags, page)) return false;
    flags += static_cast<int64_t>(page.flags.size());
    if (flags > kMaxFlags) {
      return Fail(v1::ABSENCE_REASON_TOO_LARGE, absl::StrCat("more than ", kMaxFlags, " flags"),
                  absence);
    }
    const bool last = page.flags.empty();
    pages.push_back(std::move(page));
    if (last) break;
  } while (flags < pages.front().total);
  absl::StatusOr<v1::FlagStates> joined = JoinPages(pages);
  if (!Check(joined.status(), absence)) return false;
  states = *std::move(joined);
  return true;
}

}  // namespace gate
