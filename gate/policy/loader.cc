#include "gate/policy/loader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/freeze/calendar.h"
#include "checks/policy/fields.h"
#include "checks/policy/policy.h"
#include "checks/policy/suggest.h"
#include "gate/base/digest.h"
#include "gate/base/file.h"

namespace gate {
namespace {

constexpr size_t kMaxPolicyBytes = 1 << 20;

// What is wrong with a calendar's text, or "".
std::string CalendarProblem(std::string_view text) {
  return std::string(freeze::HolidayCalendar::Parse(text).status().message());
}

}  // namespace

LoadedPolicy LoadPolicy(const std::string& path, absl::Time now) {
  LoadedPolicy loaded;
  loaded.files.push_back(path);
  absl::StatusOr<std::string> text = ReadFile(path, kMaxPolicyBytes);
  if (!text.ok()) {
    loaded.issues.push_back({path, 1, 1, "", std::string(text.status().message())});
    return loaded;
  }
  v1::Policy policy;
  FieldPlaces places;
  loaded.issues = ParsePolicy(path, *text, policy, &places);
  std::map<std::string, std::string, std::less<>> calendars;
  const std::map<std::string, std::string> named(policy.calendars().begin(),
                                                 policy.calendars().end());
  for (const auto& [name, file] : named) {
    if (file.empty()) continue;  // An issue already.
    const std::string resolved = ResolvePath(path, file);
    loaded.files.push_back(resolved);
    absl::StatusOr<std::string> calendar = ReadFile(resolved, freeze::HolidayCalendar::kMaxBytes);
    std::string problem =
        calendar.ok() ? CalendarProblem(*calendar) : std::string(calendar.status().message());
    if (!problem.empty()) {
      std::string field = EntryPath("calendars", name);
      const FieldPlaces::Place place = places.Find(field);
      loaded.issues.push_back({path, place.line, place.column, std::move(field),
                               absl::StrCat("the calendar ", Quoted(resolved), ": ", problem)});
      continue;
    }
    calendars.emplace(name, *std::move(calendar));
  }
  ArrangeIssues(loaded.issues);
  if (loaded.issues.empty()) {
    loaded.snapshot = MakeSnapshot(std::move(policy), std::move(calendars), now);
  }
  return loaded;
}

std::shared_ptr<const PolicySnapshot> MakeSnapshot(
    v1::Policy policy, std::map<std::string, std::string, std::less<>> calendars, absl::Time now) {
  auto snapshot = std::make_shared<PolicySnapshot>();
  policy.clear_calendar_digests();
  for (const auto& [name, text] : calendars) {
    (*policy.mutable_calendar_digests())[name] = Sha256Hex(text);
  }
  snapshot->bytes = std::make_shared<const std::string>(DeterministicBytes(policy));
  snapshot->digest = Sha256Hex(*snapshot->bytes);
  snapshot->policy = std::move(policy);
  snapshot->calendars = std::move(calendars);
  snapshot->effective = now;
  return snapshot;
}

}  // namespace gate
