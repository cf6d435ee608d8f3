// Keeps what a judgement holds in a MetricState, and takes it up again, to the last bit. A class
// names its members once, for both ways:
//
//   void Each(StateArchive& archive) {
//     archive(count_), archive(since_), archive(cohorts_);
//   }
#ifndef CHECKS_CANARY_STATE_ARCHIVE_H_
#define CHECKS_CANARY_STATE_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Either writes or reads. Not thread-safe.
class StateArchive {
 public:
  // Adds to `state`, which outlives it.
  static StateArchive Writing(v1::MetricState& state) { return {&state, state}; }
  // Takes from `state`, which outlives it.
  static StateArchive Reading(const v1::MetricState& state) { return {nullptr, state}; }

  bool reading() const { return to_ == nullptr; }

  // Whether all that was asked for was there, and all that is there was asked for.
  bool Whole() const {
    return !short_ &&
           (!reading() || (numbers_ == from_.numbers_size() && times_ == from_.times_size() &&
                           names_ == from_.names_size()));
  }

  // It does not fit together.
  void Fail() { short_ = true; }

  void operator()(double& number) {
    if (to_ != nullptr) return to_->add_numbers(number);
    if (numbers_ < from_.numbers_size()) {
      number = from_.numbers(numbers_++);
    } else {
      short_ = true;
    }
  }

  void operator()(bool& flag) {
    double number = flag;
    (*this)(number);
    flag = number != 0;
  }

  // A count of things that are in the state themselves is at most as large as the state.
  void operator()(size_t& count) {
    auto number = static_cast<double>(count);
    (*this)(number);
    if (number >= 0 && number <= kMostCounted) {
      count = static_cast<size_t>(number);
    } else {
      short_ = true;
    }
  }

  void operator()(absl::Time& time) {
    constexpr int64_t kBeforeAll = std::numeric_limits<int64_t>::min();
    if (to_ != nullptr) {
      to_->add_times(time == absl::InfinitePast() ? kBeforeAll : absl::ToUnixNanos(time));
    } else if (times_ < from_.times_size()) {
      const int64_t nanos = from_.times(times_++);
      time = nanos == kBeforeAll ? absl::InfinitePast() : absl::FromUnixNanos(nanos);
    } else {
      short_ = true;
    }
  }

  void operator()(std::string& name) {
    if (to_ != nullptr) return to_->add_names(name);
    if (names_ < from_.names_size()) {
      name = from_.names(names_++);
    } else {
      short_ = true;
    }
  }

  template <typename T>
  void operator()(std::vector<T>& items) {
    ResizeTo(items.size(), [&](size_t size) { items.resize(size); });
    for (T& item : items) (*this)(item);
  }

  // What visits its numbers by EachNumber, as tests of checks/stats do.
  template <typename T>
  requires requires(T& test) {
    test.EachNumber([](double&) {});
  }
  void operator()(T& test) {
    test.EachNumber([this](double& number) { (*this)(number); });
  }

  template <typename T>
  requires requires(T& part, StateArchive& archive) { part.Each(archive); }
  void operator()(T& part) { part.Each(*this); }

  // How many parts there are; when reading, `resize` makes room for as many as were written.
  template <typename Resize>
  void ResizeTo(size_t size, Resize resize) {
    (*this)(size);
    const auto left = static_cast<size_t>(from_.numbers_size() - numbers_ + from_.times_size() -
                                          times_ + from_.names_size() - names_);
    if (!reading()) return;
    if (short_ || size > left) {
      short_ = true;
      size = 0;
    }
    resize(size);
  }

 private:
  static constexpr double kMostCounted = 1e15;

  StateArchive(v1::MetricState* to, const v1::MetricState& from) : to_(to), from_(from) {}

  v1::MetricState* to_;
  const v1::MetricState& from_;
  int numbers_ = 0, times_ = 0, names_ = 0;  // read
  bool short_ = false;
};

}  // namespace gate

#endif  // CHECKS_CANARY_STATE_ARCHIVE_H_
