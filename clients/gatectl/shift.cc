#include "clients/gatectl/shift.h"

#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "clients/gatectl/settings.h"

namespace gate::ctl {
namespace {

Problem Wrong(std::string title, std::string help) {
  return {"E0201", std::move(title), {}, "", "", {std::move(help)}};
}

Problem WrongOrigin(const std::string& text, std::string_view part) {
  return Wrong(
      absl::StrCat("--origin ", text, ": \"", std::string(part), "\" is not understood"),
      "--origin NAME=BEFORE:AFTER,site=SITE,database=SITE,workers=N,service=270ms, shares as "
      "0.2 or 20%; a share that is not known stays empty");
}

// "NAME=BEFORE:AFTER". False where it is not that.
bool ReadShares(std::string_view text, v1::TrafficShift::Origin& origin) {
  const size_t equals = text.find('='), colon = text.find(':', equals);
  if (equals == std::string_view::npos || colon == std::string_view::npos) return false;
  origin.set_name(render::ValidUtf8(text.substr(0, equals)));
  const std::string_view before = text.substr(equals + 1, colon - equals - 1);
  const std::string_view after = text.substr(colon + 1);
  const auto share_before = ParseShare(before), share_after = ParseShare(after);
  if (share_before) origin.set_share_before(*share_before);
  if (share_after) origin.set_share_after(*share_after);
  return share_before.has_value() != before.empty() && share_after.has_value() != after.empty();
}

// "site=fra". False where it is not that.
bool ReadFact(std::string_view text, v1::TrafficShift::Origin& origin) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = text.substr(0, equals);
  const std::string value = render::ValidUtf8(text.substr(equals + 1));
  int workers = 0;
  if (key == "site") {
    origin.set_site(value);
  } else if (key == "database") {
    origin.set_database_site(value);
  } else if (key == "workers" && absl::SimpleAtoi(value, &workers)) {
    origin.set_workers(workers);
  } else if (key == "service") {
    const std::optional<absl::Duration> time = ParseDuration(value);
    if (!time || *time <= absl::ZeroDuration()) return false;
    *origin.mutable_service_time() = ToProto(*time);
  } else {
    return false;
  }
  return true;
}

Or<v1::TrafficShift::Origin> ParseOrigin(const std::string& text) {
  v1::TrafficShift::Origin origin;
  bool first = true;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::string_view piece(part.data(), part.size());
    if (!(first ? ReadShares(piece, origin) : ReadFact(piece, origin))) {
      return WrongOrigin(text, piece);
    }
    first = false;
  }
  return origin;
}

// The place of `word` among `words`, or the problem.
Or<size_t> Find(const char* flag, const std::string& word, const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (absl::AsciiStrToLower(word) == words[i]) return i;
  }
  const std::vector<std::string_view> known(words.begin(), words.end());
  return Wrong(absl::StrCat(flag, " does not take ", Quoted(word), DidYouMean(word, known)),
               absl::StrCat("it takes ", absl::StrJoin(words, ", ")));
}

}  // namespace

std::optional<double> ParseShare(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  double share = 0;
  if (!absl::SimpleAtod(std::string(text), &share)) return std::nullopt;
  return percent ? share / 100 : share;
}

bool ShiftFlags::Given() const {
  return !(origins.empty() && affinity.empty() && sessions.empty() && way_back.empty() &&
           takes_back.empty());
}

const std::vector<std::string>& AffinityWords() {
  static const auto& words = *new std::vector<std::string>{"none", "cookie", "tenant"};
  return words;
}

const std::vector<std::string>& SessionsWords() {
  static const auto& words = *new std::vector<std::string>{"stateless", "stateful"};
  return words;
}

Or<bool> ApplyShift(const ShiftFlags& flags, v1::TrafficShift& shift) {
  if (!flags.origins.empty()) shift.clear_origins();
  for (const std::string& text : flags.origins) {
    const Or<v1::TrafficShift::Origin> origin = ParseOrigin(text);
    if (!origin) return origin.problem();
    *shift.add_origins() = *origin;
  }
  if (!flags.affinity.empty()) {
    const Or<size_t> place = Find("--affinity", flags.affinity, AffinityWords());
    if (!place) return place.problem();
    shift.set_affinity(static_cast<v1::SessionAffinity>(v1::SESSION_AFFINITY_NONE + *place));
    shift.clear_sticky_sessions();
  }
  if (!flags.sessions.empty()) {
    const Or<size_t> place = Find("--sessions", flags.sessions, SessionsWords());
    if (!place) return place.problem();
    shift.set_stateful_sessions(*place == 1);
  }
  if (!flags.way_back.empty()) shift.set_way_back(render::ValidUtf8(flags.way_back));
  if (!flags.takes_back.empty()) shift.set_takes_back(render::ValidUtf8(flags.takes_back));
  return true;
}

}  // namespace gate::ctl
