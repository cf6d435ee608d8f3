#include "gate/evidence/open_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/utf8.h"

namespace gate {
namespace {

constexpr size_t kMaxSeries = 100'000;
constexpr size_t kMaxLabels = 64;
constexpr double kMaxSeconds = 253'402'300'799;  // Year 9999.

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNameChar(char c) {
  return IsNameStart(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

enum class Type { kNone, kCounter, kGauge, kHistogram, kOther };

struct Word {
  std::string_view word;
  Type type;
};
constexpr std::array<Word, 8> kTypes = {{{"counter", Type::kCounter},
                                         {"gauge", Type::kGauge},
                                         {"histogram", Type::kHistogram},
                                         {"unknown", Type::kNone},
                                         {"summary", Type::kOther},
                                         {"info", Type::kOther},
                                         {"stateset", Type::kOther},
                                         {"gaugehistogram", Type::kOther}}};

// What a family of that type may call its samples: their suffixes, and whether they are kept.
struct Suffix {
  std::string_view suffix;
  bool kept;
};
std::vector<Suffix> SuffixesOf(Type type) {
  switch (type) {
    case Type::kCounter:
      return {{"_total", true}, {"_created", false}};
    case Type::kHistogram:
      return {{"_bucket", true}, {"_count", true}, {"_sum", false}, {"_created", false}};
    case Type::kOther:
      return {{"", false},      {"_count", false},  {"_sum", false},    {"_created", false},
              {"_info", false}, {"_bucket", false}, {"_gcount", false}, {"_gsum", false}};
    default:
      return {{"", true}};
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<PrometheusSeries>> Parse() && {
    if (const size_t wrong = FindInvalidUtf8(text_); wrong != std::string_view::npos) {
      line_ = 1 + static_cast<int>(std::ranges::count(text_.substr(0, wrong), '\n'));
      const size_t newline = text_.substr(0, wrong).rfind('\n');
      line_begin_ = newline == std::string_view::npos ? 0 : newline + 1;
      at_ = wrong;
      Fail("is not UTF-8");
    }
    while (error_.ok() && !ended_) {
      if (at_ == text_.size()) {
        Fail("expected \"# EOF\": the file has no end, so that a part of it may be missing");
      } else if (Peek('#')) {
        Descriptor();
      } else {
        Sample();
      }
    }
    if (!error_.ok()) return error_;
    std::vector<PrometheusSeries> series;
    series.reserve(series_.size());
    for (auto& [labels, index] : by_labels_) series.push_back(std::move(series_[index]));
    return series;
  }

 private:
  bool Fail(std::string_view message) {
    if (error_.ok()) {
      error_ = absl::InvalidArgumentError(absl::StrCat(
          "line ", line_, ", column ", at_ - line_begin_ + 1, ": ", std::string(message)));
    }
    return false;
  }
  bool FailAt(size_t at, std::string_view message) {
    at_ = at;
    return Fail(message);
  }

  bool Peek(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool Take(char c) {
    if (!Peek(c)) return false;
    ++at_;
    return true;
  }
  bool Expect(char c, std::string_view what) { return Take(c) || Fail(what); }

  bool EndLine() {
    if (!Expect('\n', "expected the end of the line")) return false;
    ++line_;
    line_begin_ = at_;
    return true;
  }

  // As far as the line goes, up to one of `ends`.
  std::string_view Until(std::string_view ends) {
    const size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    return word;
  }

  std::string_view Name(bool colons) {
    const size_t begin = at_;
    if (at_ < text_.size() && (IsNameStart(text_[at_]) || (colons && text_[at_] == ':'))) ++at_;
    while (at_ > begin && at_ < text_.size() &&
           (IsNameChar(text_[at_]) || (colons && text_[at_] == ':'))) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  // # TYPE, # HELP, # UNIT, # EOF
  bool Descriptor() {
    ++at_;
    if (!Expect(' ', "expected a blank")) return false;
    const size_t begin = at_;
    const std::string_view word = Until(" \n");
    if (word == "EOF") return End();
    if (word != "TYPE" && word != "HELP" && word != "UNIT") {
      return FailAt(begin, "expected TYPE, HELP, UNIT or EOF: OpenMetrics has no comments");
    }
    if (!Expect(' ', "expected a blank")) return false;
    const std::string_view name = Name(/*colons=*/true);
    if (name.empty()) return Fail("expected the name of a metric");
    if (!Expect(' ', "expected a blank")) return false;
    if (word == "TYPE") return SetType(std::string(name));
    Until("\n");
    return EndLine();
  }

  bool End() {
    ended_ = true;
    Take('\n');
    return at_ == text_.size() || Fail("expected nothing behind \"# EOF\"");
  }

  bool SetType(const std::string& name) {
    const size_t begin = at_;
    const std::string_view word = Until("\n");
    const auto* const found = std::ranges::find(kTypes, word, &Word::word);
    if (found == kTypes.end()) return FailAt(begin, "is no type of OpenMetrics");
    if (!families_.emplace(name, found->type).second) {
      return FailAt(begin, absl::StrCat(name, " has a type already"));
    }
    for (const Suffix& suffix : SuffixesOf(found->type)) {
      const std::string sample = absl::StrCat(name, std::string(suffix.suffix));
      if (!names_.try_emplace(sample, Expected{suffix.kept, found->type}).second) {
        return FailAt(begin, absl::StrCat(sample, " stands above, or is of another metric"));
      }
    }
    return EndLine();
  }

  bool Sample() {
    const size_t begin = at_;
    const std::string name(Name(/*colons=*/true));
    if (name.empty()) return Fail("expected the name of a metric, or #");
    if (families_.contains(name) && !names_.contains(name)) {
      return FailAt(begin, absl::StrCat(name, " is a ",
                                        families_.at(name) == Type::kCounter
                                            ? "counter, whose samples are named _total"
                                            : "histogram, whose samples are named _bucket, _count "
                                              "and _sum"));
    }
    // What has no type is kept, and must not get one below.
    const auto [kept, type] = names_.try_emplace(name).first->second;
    Labels labels;
    labels.Set("__name__", name);
    bool has_bound = false;
    if (Take('{') && !ReadLabels(labels, has_bound)) return false;
    if (type == Type::kHistogram && name.ends_with("_bucket") && !has_bound) {
      return FailAt(begin, "a bucket needs the label le");
    }
    double value = 0;
    if (!Expect(' ', "expected a blank and a value") || !Number(value)) return false;
    std::optional<int64_t> time;
    if (Peek(' ') && !text_.substr(at_).starts_with(" #") && !Timestamp(time)) return false;
    if (kept && !time) {
      return Fail("expected a timestamp: without it nobody knows when this was so");
    }
    if (Peek(' ') && !Exemplar()) return false;
    if (kept && !Keep(begin, std::move(labels), {*time, value})) return false;
    return EndLine();
  }

  bool ReadLabels(Labels& labels, bool& has_bound) {
    std::vector<std::string_view> names = {"__name__"};
    while (!Take('}')) {
      if (names.size() > 1 && !Expect(',', "expected , or }")) return false;
      const size_t begin = at_;
      const std::string_view name = Name(/*colons=*/false);
      if (name.empty()) return Fail("expected the name of a label");
      if (std::ranges::find(names, name) != names.end()) {
        return FailAt(begin, absl::StrCat(std::string(name), " stands here twice"));
      }
      names.push_back(name);
      if (names.size() > kMaxLabels) return Fail("too many labels");
      std::string value;
      if (!Expect('=', "expected =") || !String(value)) return false;
      has_bound = has_bound || name == "le";
      if (!value.empty()) labels.Set(name, value);  // An empty one is as good as none.
    }
    return true;
  }

  bool String(std::string& value) {
    if (!Expect('"', "expected a value in double quotes")) return false;
    while (true) {
      value.append(Until("\"\\\n"));
      if (Take('"')) return true;
      if (!Take('\\')) return Fail("expected a closing quote");
      if (Take('n')) {
        value.push_back('\n');
      } else if (Take('"')) {
        value.push_back('"');
      } else if (Take('\\')) {
        value.push_back('\\');
      } else {
        return Fail("expected n, \" or \\ behind a backslash");
      }
    }
  }

  bool Number(double& value) {
    const size_t begin = at_;
    const std::string_view text = Until(" \n");
    std::string_view digits = text;
    if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) digits.remove_prefix(1);
    const std::string lower = absl::AsciiStrToLower(std::string(digits));
    if (lower == "inf" || lower == "infinity") {
      value = std::numeric_limits<double>::infinity() * (text[0] == '-' ? -1 : 1);
      return true;
    }
    if (lower == "nan" && digits.size() == text.size()) {
      value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    const bool plain = !digits.empty() && std::ranges::all_of(lower, [](char c) {
      return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == 'e' ||
             c == '+' || c == '-';
    });
    // absl takes no plus sign in front of a number that has another one.
    if (!plain || digits[0] == '+' || digits[0] == '-' ||
        !absl::SimpleAtod(std::string(digits), &value) || !std::isfinite(value)) {
      return FailAt(begin, "expected a number");
    }
    if (text[0] == '-') value = -value;
    return true;
  }

  // In seconds since 1970.
  bool Timestamp(std::optional<int64_t>& time) {
    ++at_;
    const size_t begin = at_;
    double seconds = 0;
    if (!Number(seconds)) return false;
    if (!(std::abs(seconds) <= kMaxSeconds)) {
      return FailAt(begin, "a timestamp is in seconds since 1970; this is beyond the year 9999");
    }
    time = std::llround(seconds * 1000);
    return true;
  }

  bool Exemplar() {
    ++at_;
    if (!Expect('#', "expected an exemplar or the end of the line") ||
        !Expect(' ', "expected a blank") || !Expect('{', "expected labels of an exemplar")) {
      return false;
    }
    Labels labels;
    bool has_bound = false;
    double value = 0;
    if (!ReadLabels(labels, has_bound) || !Expect(' ', "expected a blank and a value") ||
        !Number(value)) {
      return false;
    }
    std::optional<int64_t> time;
    return !Peek(' ') || Timestamp(time);
  }

  bool Keep(size_t begin, Labels labels, PrometheusSample sample) {
    const auto [found, added] = by_labels_.try_emplace(std::move(labels), series_.size());
    if (added) {
      if (series_.size() == kMaxSeries) {
        error_ = absl::ResourceExhaustedError(
            absl::StrCat("line ", line_, ": there are more than ", kMaxSeries, " series"));
        return false;
      }
      series_.push_back({found->first, {}, {}});
    }
    std::vector<PrometheusSample>& samples = series_[found->second].samples;
    if (!samples.empty() && samples.back().milliseconds >= sample.milliseconds) {
      return FailAt(begin, "the timestamps of a series have to rise");
    }
    samples.push_back(sample);
    return true;
  }

  struct Expected {
    bool kept = true;
    Type type = Type::kNone;
  };

  const std::string_view text_;
  size_t at_ = 0, line_begin_ = 0;
  int line_ = 1;
  bool ended_ = false;
  absl::Status error_;
  std::map<std::string, Type> families_;
  std::map<std::string, Expected> names_;  // Of samples, by the families that have a type.
  std::map<Labels, size_t> by_labels_;
  std::vector<PrometheusSeries> series_;
};

}  // namespace

absl::StatusOr<std::vector<PrometheusSeries>> ParseOpenMetrics(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace gate
